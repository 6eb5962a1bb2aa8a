import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import process from 'node:process'
import type { FoundProcess, ProcessIdentity } from '../ports/host.ts'

/** Null: no such process runs. One that is dead and not yet waited for does not. Linux: proc(5); elsewhere ps(1). */
export function findProcess(pid: number): FoundProcess | null {
  return process.platform === 'linux' ? foundInProc(pid) : foundByPs(pid)
}

/** Of a process of ours that has just been started. */
export const identify = (pid: number): ProcessIdentity =>
  findProcess(pid)?.identity ?? { pid, start: null, boot: bootId(), namespace: namespaceId() }

/** Whether a group has a member that is not merely waiting to be buried. Null: this system does not tell. */
export function hasLivingMember(group: number): boolean | null {
  if (process.platform !== 'linux' || !isOurProc()) return null
  return readdirSync('/proc').some((name) => /^\d+$/.test(name) && statOf(Number(name))?.group === group)
}

function foundInProc(pid: number): FoundProcess | null {
  const stat = isOurProc() ? statOf(pid) : null
  if (stat === null) return null
  const uid = /^Uid:\s+(\d+)/m.exec(text(`/proc/${pid}/status`) ?? '')?.[1]
  if (uid === undefined) return null
  return { identity: { pid, start: stat.start, boot: bootId(), namespace: namespaceId() }, uid: Number(uid), group: stat.group }
}

/** Fields 3, 5 and 22 of /proc/PID/stat. They are counted behind the last parenthesis: a program's name may hold anything. */
function statOf(pid: number): { readonly group: number; readonly start: string } | null {
  const stat = text(`/proc/${pid}/stat`)
  if (stat === null) return null
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const [state = 'X', , group = ''] = fields
  const start = fields[19]
  return state === 'Z' || state === 'X' || start === undefined ? null : { group: Number(group), start }
}

function foundByPs(pid: number): FoundProcess | null {
  const line = said('ps', ['-o', 'pgid=,uid=,stat=,lstart=', '-p', String(pid)])
  const [, group, uid, start] = /^\s*(\d+)\s+(\d+)\s+(?!Z)\S+\s+(\S.*?)\s*$/.exec(line ?? '') ?? []
  if (group === undefined || uid === undefined || start === undefined) return null
  return { identity: { pid, start, boot: bootId(), namespace: namespaceId() }, uid: Number(uid), group: Number(group) }
}

const bootId = (): string | null =>
  process.platform === 'linux'
    ? (text('/proc/sys/kernel/random/boot_id')?.trim() ?? null)
    : (said('sysctl', ['-n', 'kern.bootsessionuuid'])?.trim() ?? null)

function namespaceId(): string | null {
  if (process.platform !== 'linux') return process.platform
  try {
    return isOurProc() ? readlinkSync('/proc/self/ns/pid') : null
  } catch {
    return null
  }
}

/** A /proc that was mounted from elsewhere counts processes otherwise than kill(2) does here. */
function isOurProc(): boolean {
  try {
    return readlinkSync('/proc/self') === String(process.pid)
  } catch {
    return false
  }
}

function text(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return null // Gone, or hidden from us.
  }
}

function said(program: string, args: readonly string[]): string | null {
  const { status, stdout } = spawnSync(program, args, { encoding: 'utf8', env: { PATH: '/bin:/usr/bin:/sbin:/usr/sbin', LC_ALL: 'C' } })
  return status === 0 ? stdout : null
}
