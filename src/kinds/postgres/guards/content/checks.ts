import type { Check } from '../../../../domain/finding.ts'

/** What is asked of what a database holds. In the order in which findings are told. */
export const CONTENT = {
  objects: {
    id: 'pg.objects',
    severity: 'error',
    cost: 'catalog',
    about:
      'Tables, columns, constraints, functions and other objects of the old one are missing on the new one, or are something else under their name: queries fail.',
  },
  objectsInvalid: {
    id: 'pg.objects_invalid',
    severity: 'warn',
    cost: 'catalog',
    about:
      'Indexes, constraints, views or triggers are there and do not work, which they did on the old one: wrong data get in, queries are slow.',
  },
  empty: {
    id: 'pg.empty',
    severity: 'error',
    cost: 'index',
    about:
      'A table or a materialized view with rows on the old one has none on the new one, or the large objects are gone: the data were not restored, or it is another database.',
  },
  shrunken: {
    id: 'pg.shrunken',
    severity: 'error',
    cost: 'index',
    about: 'A table holds half of the rows of the old one or less: the copy is not complete.',
  },
  unlogged: {
    id: 'pg.unlogged',
    severity: 'warn',
    cost: 'index',
    about:
      'Unlogged tables lose their rows in a crash, in a promotion and in a restore to a point in time; a table or a sequence of the old one became one.',
  },
  sequences: {
    id: 'pg.sequences',
    severity: 'error',
    cost: 'index',
    about: 'The next value of a sequence is taken already in the column that it feeds, or beyond its end: inserts fail.',
  },
  sequencesBehind: {
    id: 'pg.sequences_behind',
    severity: 'warn',
    cost: 'catalog',
    about: 'Sequences of the new one stand lower than those of the old one: rows were lost, or the copy is old.',
  },
  owner: {
    id: 'pg.owner',
    severity: 'warn',
    cost: 'catalog',
    about: 'Objects belong to another role than on the old one: migrations that change them fail.',
  },
  grants: {
    id: 'pg.grants',
    severity: 'error',
    cost: 'catalog',
    about: 'The role of the handle may do less on the new one: queries fail with permission denied.',
  },
  defaultGrants: {
    id: 'pg.default_grants',
    severity: 'warn',
    cost: 'catalog',
    about: 'Default privileges of the old one are missing: what later migrations create, other roles may not use, or all may.',
  },
  rowSecurity: {
    id: 'pg.row_security',
    severity: 'error',
    cost: 'catalog',
    about:
      'Row security of the old one is off on the new one, has other policies, or holds for this role where it did not: tenants see rows of each other, or the app loses sight of its own.',
  },
  migrations: {
    id: 'pg.migrations',
    severity: 'error',
    cost: 'index',
    about:
      'Other migrations ran on the new one than on the old one, or one of them failed half way: the app meets a schema it was not made for.',
  },
  environment: {
    id: 'pg.environment',
    severity: 'error',
    cost: 'index',
    about: 'The data are tagged for another environment: staging data for production, or the reverse.',
  },
  statistics: {
    id: 'pg.statistics',
    severity: 'warn',
    cost: 'catalog',
    about: 'Big tables were never analysed: until then queries take bad plans.',
  },
  age: {
    id: 'pg.age',
    severity: 'error',
    cost: 'index',
    about: 'The newest row is older than attach.yaml allows, or than that of the old one: the copy is stale.',
  },
} as const satisfies Record<string, Check>
