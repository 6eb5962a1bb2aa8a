import { type Finding, found, passed } from '../../domain/finding.ts'
import { DEPTHS, type Facts, type Negotiated, type ProbeContext, type ProbeReport, type Stage } from '../../ports/kind.ts'
import { figure, firstOf } from '../comparing.ts'
import { type Opened as OpenedNode, openProbe } from '../opening.ts'
import { REMARKED } from './checks.ts'
import { ASK_FOR_TLS, SERVICE } from './failure.ts'
import type { Memcached, Node } from './handle.ts'
import { converse, type LiveNode } from './node.ts'

/** Conversations with all servers of a list, in its order. */
export type Live = readonly [LiveNode, ...LiveNode[]]

export interface Opened {
  readonly report: ProbeReport
  /** Null: the probe failed, or did not have to go so deep. */
  readonly live: Live | null
}

export async function probeMemcached(resource: Memcached, context: ProbeContext): Promise<ProbeReport> {
  const { report, live } = await openMemcached(resource, context)
  closeAll(live ?? [])
  return report
}

/**
 * Resolve, connect, TLS for memcacheds, version, the login, stats: of every server of the list, at the same time, each within the limits. The list is
 * a ring, so that all must answer: without one of them the keys that fall to it are gone. Reads no key and writes none.
 */
export async function openMemcached(resource: Memcached, context: ProbeContext): Promise<Opened> {
  const [first, ...others] = resource.nodes
  const started = context.now()
  const all = await Promise.all([openNode(resource, first, context), ...others.map((node) => openNode(resource, node, context))])
  const lives = all.flatMap(({ live }) => (live === null ? [] : [live]))
  const reports = all.map(({ report }) => report)
  const [only] = reports
  const report = only !== undefined && reports.length === 1 ? counted(only) : together(resource.nodes, reports, context.now() - started)
  const [head, ...tail] = lives
  if (report.ok && head !== undefined && lives.length === all.length) return { report, live: [head, ...tail] }
  closeAll(lives)
  return { report, live: null }
}

const openNode = (resource: Memcached, node: Node, context: ProbeContext): Promise<OpenedNode<LiveNode>> =>
  openProbe(context, { address: node.address, service: SERVICE, askForTls: ASK_FOR_TLS }, (run, plain) =>
    converse(run, plain, resource, node),
  )

export function closeAll(lives: readonly LiveNode[]): void {
  for (const { socket } of lives) socket.destroy()
}

interface NodeReport {
  readonly node: Node
  readonly report: ProbeReport
}

/** One report of many: what all passed is passed; the shallowest failure is where it ended, and each that failed names itself. */
function together(nodes: readonly Node[], reports: readonly ProbeReport[], totalMs: number): ProbeReport {
  const all = nodes.flatMap((node, at): readonly NodeReport[] => {
    const report = reports[at]
    return report === undefined ? [] : [{ node, report }]
  })
  const whole = {
    stages: stagesOf(reports),
    totalMs,
    facts: factsOf(reports),
    findings: all.flatMap((one) => [resultOf(one), ...ownFindings(one)]),
  }
  const failed = all.flatMap(({ node, report }) => (report.ok ? [] : [{ node, report }]))
  const [first] = failed.sort((a, b) => DEPTHS.indexOf(a.report.failedAt) - DEPTHS.indexOf(b.report.failedAt))
  if (first === undefined) return { ok: true, ...whole }
  const reasons = failed.map(({ node, report: { reason } }) => `${node.place}: ${reason}`)
  const lasting = failed.find(({ report }) => report.class === 'permanent') ?? first
  return {
    ok: false,
    ...whole,
    failedAt: first.report.failedAt,
    // What stays at one of them stays for all.
    class: lasting.report.class,
    code: lasting.report.code,
    reason: reasons.length > 2 ? `${reasons[0]}; ${firstOf(failed.slice(1).map(({ node }) => node.place))} fail too` : reasons.join('; '),
    hint: `${lasting.report.hint} (every server of the list must answer)`,
  }
}

const counted = (report: ProbeReport): ProbeReport => ({ ...report, facts: { ...report.facts, more: { nodes: 1, ...report.facts.more } } })

/** Each stage as long as the slowest took. */
function stagesOf(reports: readonly ProbeReport[]): readonly Stage[] {
  return DEPTHS.flatMap((depth) => {
    const times = reports.flatMap(({ stages }) => stages.filter((stage) => stage.depth === depth).map(({ ms }) => ms))
    return times.length < reports.length ? [] : [{ depth, ms: Math.max(...times) }]
  })
}

function factsOf(reports: readonly ProbeReport[]): Facts {
  const facts = reports.map((report) => report.facts)
  const versions = [...new Set(facts.flatMap(({ version }) => (version === undefined ? [] : [version])))]
  const items = facts.map(({ more }) => more?.['items'])
  const sum = items.reduce<number | null>((all, each) => (all === null || typeof each !== 'number' ? null : all + each), 0)
  const isIn = reports.every(({ ok, facts: { writable } }) => ok && writable === true)
  return {
    product: SERVICE,
    ...(versions.length === 0 ? {} : { version: firstOf(versions) }),
    ...(isIn ? { role: 'primary' as const, writable: true } : {}),
    ...tlsOf(facts),
    more: { nodes: reports.length, ...(sum === null ? {} : { items: sum }) },
  }
}

/** The weakest of all, and the certificate that ends first. */
function tlsOf(facts: readonly Facts[]): Pick<Facts, 'tls'> {
  const told = facts.map(({ tls }) => tls)
  if (told.includes(undefined)) return {}
  const secured = told.filter((tls): tls is Negotiated => tls !== null && tls !== undefined)
  const [first] = secured
  if (first === undefined || secured.length < told.length) return { tls: null }
  const [ends] = secured.flatMap(({ expires }) => (expires === undefined ? [] : [expires])).sort()
  const verified = secured.every((each) => each.verified)
  return { tls: { protocol: first.protocol, cipher: first.cipher, verified, ...(ends === undefined ? {} : { expires: ends }) } }
}

function resultOf({ node, report }: NodeReport): Finding {
  if (!report.ok) return found(REMARKED.node, `${node.place} failed at ${report.failedAt}: ${report.reason}`, { remedy: report.hint })
  const items = report.facts.more?.['items']
  const version = report.facts.version ?? ''
  return passed(
    REMARKED.node,
    [`${node.place} answers`, version, typeof items === 'number' ? figure(items, 'item') : ''].filter(Boolean).join(', '),
  )
}

const ownFindings = ({ node, report }: NodeReport): readonly Finding[] =>
  report.findings.map((finding) => ({ ...finding, detail: `${node.place}: ${finding.detail}` }))
