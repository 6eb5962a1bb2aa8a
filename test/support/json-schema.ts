/** A value against a JSON Schema (draft 7), with the keywords that ours uses. Throws on any other one: it would pass unseen. */
export function fits(value: unknown, schema: Schema | boolean): boolean {
  if (typeof schema === 'boolean') return schema
  return Object.entries(schema).every(([keyword, meant]) => {
    const law = LAWS[keyword]
    if (law === undefined) throw new Error(`no law for the keyword ${keyword}`)
    return law(meant, value, schema)
  })
}

type Schema = Readonly<Record<string, unknown>>
/** As a method, so that each law may say of what type its keyword's value is: the standard says so. */
type Law = { holds(meant: unknown, value: unknown, schema: Schema): boolean }['holds']

const isMapping = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const own = (mapping: Schema, key: string): boolean => Object.hasOwn(mapping, key)

const LAWS: Readonly<Record<string, Law>> = {
  $schema: () => true,
  title: () => true,
  description: () => true,
  type: (type: string, value) =>
    type === 'object'
      ? isMapping(value)
      : type === 'array'
        ? Array.isArray(value)
        : type === 'integer'
          ? Number.isInteger(value)
          : typeof value === type,
  enum: (words: readonly unknown[], value) => words.includes(value),
  pattern: (pattern: string, value) => typeof value !== 'string' || new RegExp(pattern, 'u').test(value),
  minLength: (least: number, value) => typeof value !== 'string' || value.length >= least,
  minimum: (least: number, value) => typeof value !== 'number' || value >= least,
  maximum: (most: number, value) => typeof value !== 'number' || value <= most,
  items: (schema: Schema, value) => !Array.isArray(value) || value.every((item) => fits(item, schema)),
  minItems: (least: number, value) => !Array.isArray(value) || value.length >= least,
  required: (keys: readonly string[], value) => !isMapping(value) || keys.every((key) => own(value, key)),
  minProperties: (least: number, value) => !isMapping(value) || Object.keys(value).length >= least,
  propertyNames: (schema: Schema, value) => !isMapping(value) || Object.keys(value).every((key) => fits(key, schema)),
  properties: (schemas: Readonly<Record<string, Schema | boolean>>, value) =>
    !isMapping(value) || Object.entries(schemas).every(([key, schema]) => !own(value, key) || fits(value[key], schema)),
  additionalProperties: (schema: Schema | boolean, value, { properties }) =>
    !isMapping(value) || Object.entries(value).every(([key, part]) => own(Object(properties), key) || fits(part, schema)),
  anyOf: (schemas: readonly Schema[], value) => schemas.some((schema) => fits(value, schema)),
  oneOf: (schemas: readonly Schema[], value) => schemas.filter((schema) => fits(value, schema)).length === 1,
}
