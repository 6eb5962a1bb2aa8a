/**
 * A mark of a definition, with the major of the server that wrote it down: each writes the same thing in its own way. A list of words of varchar
 * is written in another way once it was restored from a dump; that is the same definition.
 */
export const MARK = (definition: string): string =>
  // Written down once: OFFSET keeps the server from putting it in wherever it is named.
  `(SELECT current_setting('server_version_num')::int / 10000 || ' ' || left(md5(${unfolded('d.it')}), 16) FROM (SELECT ${definition} AS it OFFSET 0) d)`

const WORD = `(''(?:[^'']|'''')*''::(?:character varying|bpchar|character))`

/** What a role says of backslashes is not to matter. */
const unfolded = (definition: string): string =>
  `CASE WHEN ${definition} LIKE '%ARRAY[%' THEN regexp_replace(regexp_replace(${definition}, '[(]${WORD}[)]::text', E'\\\\1', 'g'),
    '[(](ARRAY[[](?:${WORD}(?:, )?)*[]])[)]::text[[][]]', E'\\\\1', 'g') ELSE ${definition} END`

/** Whether two marks are of two definitions. Those of two majors tell nothing. */
export function isOtherDefinition(was: string | undefined, is: string | undefined): boolean {
  if (was === undefined || is === undefined) return false
  return was.split(' ')[0] === is.split(' ')[0] && was !== is
}
