import { isAbsolute } from 'node:path'
import { type Check, type Finding, found } from '../../domain/finding.ts'
import { REMARKED } from './guards/checks.ts'
import type { SplitPath } from './path.ts'

export interface Read {
  /** Where the handle leads, as it is read here. */
  readonly path: string
  readonly otherwise: string | null
  /** Parameters that have a meaning. */
  readonly known: readonly string[]
}

/** What is odd about a handle, and not wrong. Pure. */
export function remarksOf(split: SplitPath, { path, otherwise, known }: Read): readonly Finding[] {
  const { scheme, slashes, authority, text, encoded, parameters } = split
  const isRelative = authority !== '' ? scheme !== 'file' : !isAbsolute(text) || (otherwise !== null && otherwise !== path)
  return [
    ...(isRelative
      ? [
          found(
            REMARKED.relative,
            `a relative path: it is ${path} from the directory where attach runs, and may be another file for the app`,
            {
              remedy: 'write it absolute: sqlite:////PATH/TO/FILE.db, file:/PATH/TO/FILE.db',
            },
          ),
        ]
      : []),
    ...readersDiffer(scheme, { slashes, authority, otherwise, encoded }),
    ...parametersOf(parameters, known),
  ]
}

function readersDiffer(
  scheme: string,
  { slashes, authority, otherwise, encoded }: Pick<SplitPath, 'slashes' | 'authority' | 'encoded'> & Pick<Read, 'otherwise'>,
): readonly Finding[] {
  const check = REMARKED.readerDiffers
  const isRefused = authority !== '' && scheme !== 'file'
  return [
    ...(isRefused
      ? [
          found(check, 'two slashes begin a path to sqlx, Bun and Sequelize; SQLAlchemy and Rails take what follows for a host', {
            remedy: 'write three slashes for SQLAlchemy and Django, none for Rails',
          }),
        ]
      : []),
    ...(slashes && !isRefused && otherwise !== null
      ? [
          found(
            check,
            `three slashes are a relative path to SQLAlchemy, Django and Doctrine, as here; sqlx, Bun and Go's migrate read ${otherwise}`,
            {
              remedy: 'write an absolute path with four slashes: all of them read it alike',
            },
          ),
        ]
      : []),
    ...(encoded && scheme !== 'file'
      ? [
          found(
            check,
            'something in the path is percent-encoded: it is decoded here, as Django and sqlx do; SQLAlchemy and Rails take it as it stands',
            {
              remedy: 'give the file a name of letters, digits, - and .',
            },
          ),
        ]
      : []),
  ]
}

const UNKNOWN_KEY: Check = { id: 'handle.unknown_key', severity: 'warn', cost: 'free', about: '' }
const REPEATED_KEY: Check = { id: 'handle.repeated_key', severity: 'warn', cost: 'free', about: '' }

function parametersOf(parameters: SplitPath['parameters'], known: readonly string[]): readonly Finding[] {
  const keys = [...new Set(parameters.map(({ key }) => key))]
  const shown = (key: string): string => (/^[A-Za-z0-9_.-]{1,64}$/.test(key) ? `the query key ${key}` : 'a query key')
  return keys.flatMap((key) => [
    ...(known.includes(key)
      ? []
      : [
          found(UNKNOWN_KEY, `${shown(key)} means nothing here; clients pass over it or refuse it`, {
            remedy: 'remove it, unless the app alone reads it',
          }),
        ]),
    ...(parameters.filter((parameter) => parameter.key === key).length > 1
      ? [found(REPEATED_KEY, `${shown(key)} stands there twice; clients differ in which one counts`, { remedy: 'keep one' })]
      : []),
  ])
}
