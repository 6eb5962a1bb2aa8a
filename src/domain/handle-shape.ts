import { type HandleGrammar, invalid } from './handle-grammar.ts'

/** Texts that are meant to be a handle and are none. Throws HANDLE_INVALID with a sentence for each; says nothing about a right one. */
export function refuseWrongShape(text: string, grammar: HandleGrammar): void {
  const { example } = grammar
  if (text === '') throw invalid('is empty', `write ${example}`)
  refuseWrapping(text)
  for (const { looks, what, hint } of OTHER_SYNTAXES)
    if (looks.test(text) && !isOwnJdbc(text, grammar)) throw invalid(what, `${hint} ${example}`)
  refuseScheme(text, grammar)
  if (text.includes(' ')) throw invalid('has a space in it', 'write a space as %20')
}

/** Placeholders and masked values that were copied from a manual, a template or a log. */
export function refusePlaceholder(raw: string, part: string): void {
  if (MASKED.test(raw))
    throw invalid(`has a masked ${part}, as tools print it`, `put the real ${part} there, or read it from where it is kept: KEY=-`)
  if (TEMPLATE.test(raw))
    throw invalid(`has a placeholder instead of the ${part}`, `put the real ${part} there; a literal $ is written %24, { is %7B, < is %3C`)
  if (SAMPLE.test(raw))
    throw invalid(
      `has a sample word instead of the ${part}`,
      `put the real ${part} there; if it is the real one, percent-encode a letter of it`,
    )
}

/** Java's way to write a handle, where the kind has a grammar for it: `jdbc:mysql`. */
const isOwnJdbc = (text: string, { schemes }: HandleGrammar): boolean =>
  schemes.includes(/^jdbc:[a-z]+(?=:)/i.exec(text)?.[0].toLowerCase() ?? '')

const TEMPLATE =
  /^<[^<>]*>$|\$\{[^}]*\}|\{\{.*\}\}|^\$[A-Z_][A-Z0-9_]*$|^\$\(.*\)$|^\{[a-z_ -]+\}$|^\[(your|my|the|insert|db|user|host|pass)[a-z_ -]*\]$|^%[A-Z_]+%$/i
const MASKED = /^\*{2,}$|^x{3,16}$|^[•●]+$|^…$|^\.{3,}$|^\[?(redacted|secret|hidden|filtered|masked)\]?$/i
const SAMPLE =
  /^(change|replace|fill)[-_]?(me|this|it|in)$|^your[-_]?(own[-_])?(db[-_]?|database[-_]?)?(password|passwd|pass|user|username|name|host|hostname|database|db|secret|token)([-_]?here)?$|^(todo|tbd|placeholder|insert[-_]?.*here)$/i

function refuseWrapping(text: string): void {
  if (/^["'`“”‘’]|["'`“”‘’]$/u.test(text))
    throw invalid('stands in quotes', 'leave the quotes out: they are part of the shell or of the file, not of the handle')
  if (/[\r\n]$/.test(text)) throw invalid('ends with a line break', 'remove it; printf writes none, echo does')
  if (/^\s|\s$/u.test(text)) throw invalid('begins or ends with a blank', 'remove it')
  if (/[\r\n]/.test(text)) throw invalid('has more than one line', 'give one handle, on one line')
  if (/\p{Cc}/u.test(text)) throw invalid('has a control character in it', 'remove it, or percent-encode it if it is part of the password')
  if (/[\p{Cf}\p{Cs}]|(?! )\p{Z}/u.test(text))
    throw invalid('has an invisible character in it', 'type it anew; such characters come from copied web pages and chats')
}

/** First match wins. */
const OTHER_SYNTAXES: readonly { readonly looks: RegExp; readonly what: string; readonly hint: string }[] = [
  { looks: /^jdbc:/i, what: 'begins with jdbc:, which only Java reads', hint: 'write' },
  { looks: /^:memory:$/i, what: 'is a database in memory: it ends with the process, and there is nothing to attach', hint: 'name a file:' },
  { looks: /^[{[]/, what: 'is JSON', hint: 'write its parts as' },
  {
    looks: /^(export\s+)?[A-Za-z_][A-Za-z0-9_]*=["']?[A-Za-z][A-Za-z0-9+.-]*:\/\//,
    what: 'begins with the name of a variable',
    hint: 'give the value alone:',
  },
  { looks: /^(psql|redis-cli|mysql|mariadb|pg_dump|valkey-cli)\s/i, what: 'is a command line', hint: 'give the address alone:' },
  {
    looks: /^(server|data source|host|addr(ess)?|network address|user id|uid|initial catalog|database|provider)\s*=[^;]*;/i,
    what: 'is an ADO.NET connection string (Server=…;)',
    hint: 'write it as',
  },
  {
    looks: /^(host|hostaddr|port|dbname|user|password|passfile|service|sslmode|connect_timeout)\s*=\s*\S/i,
    what: 'is a list of libpq keywords (host=… dbname=…)',
    hint: 'write it as',
  },
  { looks: /^[^/]*@?(tcp|unix|udp)\([^)]*\)/i, what: 'is a Go MySQL address (user@tcp(host)/name)', hint: 'write it as' },
  {
    looks: /^[^/]*,\s*(password|user|ssl|abortconnect|defaultdatabase|connecttimeout)\s*=/i,
    what: 'is a StackExchange.Redis configuration (host,password=…)',
    hint: 'write it as',
  },
]

function refuseScheme(text: string, { schemes, example }: HandleGrammar): void {
  const scheme = /^((?:jdbc:)?[A-Za-z][A-Za-z0-9+._-]*):/i.exec(text)?.[1]?.toLowerCase()
  if (scheme !== undefined && text.startsWith('://', scheme.length)) {
    if (schemes.includes(scheme)) return
    throw invalid(`has another scheme than ${schemes.slice(0, 4).join(', ')}`, `write ${example}`)
  }
  if (scheme !== undefined && schemes.includes(scheme)) throw invalid('has no // after its scheme', `write ${example}`)
  if (text.startsWith('://') || text.startsWith('//')) throw invalid('begins without a scheme', `write ${example}`)
  throw invalid('has no scheme', `write ${example}`)
}
