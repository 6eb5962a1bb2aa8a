/** How a framework notes which migrations ran. Names of columns are in SQL. */
export interface Framework {
  readonly name: string
  readonly table: string
  /** Columns that tell it from another one with a table of that name. */
  readonly needs: readonly string[]
  /** What names one migration. Null: the table is a lock, and no more. */
  readonly applied: string | null
  /** Which rows are migrations that ran. */
  readonly where?: string
  /** Rows that must not be there, and what one of them means. */
  readonly trouble?: { readonly where: string; readonly means: string }
  /** `all`: a row for each migration. `number`, `mark`: a row for the newest alone; marks have no order. */
  readonly keeps: 'all' | 'number' | 'mark'
}

/** What one database writes in another way than the next. */
export interface Dialect {
  /** Columns with a text between each two. */
  joined(between: string, ...columns: readonly string[]): string
  /** A name whose case counts. */
  named(column: string): string
  /** As a database keeps the names that Liquibase writes in capitals. */
  liquibase(name: string): string
  /** A column of whole numbers that is not 0. */
  isSet(column: string): string
}

/** In the SQL of a database. The first that fits is the one. */
export const frameworksIn = ({ joined, named, liquibase, isSet }: Dialect): readonly Framework[] => [
  {
    ...row('golang-migrate', 'schema_migrations', ['version', 'dirty'], 'version'),
    trouble: { where: 'dirty', means: 'dirty' },
    keeps: 'number',
  },
  row('Rails, dbmate or Ecto', 'schema_migrations', ['version'], 'version'),
  row('Django', 'django_migrations', ['app', 'name'], joined('.', 'app', 'name')),
  { ...row('Alembic', 'alembic_version', ['version_num'], 'version_num'), keeps: 'mark' },
  {
    ...row('Flyway', 'flyway_schema_history', ['version', 'script', 'success'], 'COALESCE(version, script)'),
    where: 'success',
    trouble: { where: 'NOT success', means: 'failed' },
  },
  row('Liquibase', liquibase('DATABASECHANGELOG'), ['id', 'author', 'filename'], joined(' ', 'filename', 'id', 'author')),
  lock('Liquibase', liquibase('DATABASECHANGELOGLOCK'), ['locked'], 'locked'),
  {
    ...row('Prisma', '_prisma_migrations', ['migration_name', 'finished_at', 'rolled_back_at'], 'migration_name'),
    where: 'finished_at IS NOT NULL AND rolled_back_at IS NULL',
    trouble: { where: 'finished_at IS NULL AND rolled_back_at IS NULL', means: 'failed' },
  },
  row('Knex', 'knex_migrations', ['name', 'batch'], 'name'),
  lock('Knex', 'knex_migrations_lock', ['is_locked'], isSet('is_locked')),
  row('Sequelize', 'SequelizeMeta', ['name'], 'name'),
  row('TypeORM', 'migrations', ['timestamp', 'name'], 'name'),
  row('Laravel', 'migrations', ['migration', 'batch'], 'migration'),
  row('db-migrate', 'migrations', ['name', 'run_on'], 'name'),
  row('Drizzle', '__drizzle_migrations', ['hash', 'created_at'], joined(' ', 'created_at', 'hash')),
  { ...row('goose', 'goose_db_version', ['version_id', 'is_applied'], 'version_id'), where: 'is_applied' },
  {
    ...row('sqlx', '_sqlx_migrations', ['version', 'success'], 'version'),
    where: 'success',
    trouble: { where: 'NOT success', means: 'failed' },
  },
  row('Diesel', '__diesel_schema_migrations', ['version'], 'version'),
  row('Entity Framework', '__EFMigrationsHistory', ['MigrationId'], named('MigrationId')),
  row('Doctrine', 'doctrine_migration_versions', ['version'], 'version'),
  row('Phinx', 'phinxlog', ['version', 'migration_name'], 'version'),
  {
    ...row('Atlas', 'atlas_schema_revisions', ['version', 'applied', 'total'], 'version'),
    where: 'applied = total',
    trouble: { where: 'applied < total', means: 'not finished' },
  },
  row('MikroORM', 'mikro_orm_migrations', ['name'], 'name'),
  row('Strapi', 'strapi_migrations', ['name'], 'name'),
]

/** A framework with a row for each migration. */
export function row(name: string, table: string, needs: readonly string[], applied: string): Framework {
  return { name, table, needs, applied, keeps: 'all' }
}

function lock(name: string, table: string, needs: readonly string[], where: string): Framework {
  return { name, table, needs, applied: null, trouble: { where, means: 'locked' }, keeps: 'all' }
}
