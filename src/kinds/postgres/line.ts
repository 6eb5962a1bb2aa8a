import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { TLSSocket } from 'node:tls'
import { codeOf, NetError } from '../../net/bounded.ts'

/** More than any answer to the questions of a probe. */
const PROBE_BYTES = 64 * 1024

/**
 * The socket as the driver sees it: already connected, with an end to what it may say. A message that the driver's parser chokes on ends the
 * line here and not the process.
 */
export class Line extends Duplex {
  readonly #socket: Socket
  #received = 0
  #most = PROBE_BYTES
  /** What ended the line, when it was not the server's own error. */
  trouble: NetError | null = null

  constructor(socket: Socket) {
    super({ emitClose: true, autoDestroy: true })
    this.#socket = socket
    socket.on('data', (chunk: Buffer) => this.#hand(chunk))
    socket.on('end', () => this.destroy())
    socket.on('close', () => this.destroy())
    socket.on('error', (error) => this.#end(codeOf(error)))
    this.on('error', () => {})
  }

  /** Called by the driver. The socket is open: it hears so on the next turn. */
  connect(): this {
    setImmediate(() => {
      this.emit('connect')
      this.#socket.resume()
    })
    return this
  }

  /** From here on so many bytes more may come. */
  allow(bytes: number): void {
    this.#most = this.#received + bytes
  }

  /** So many bytes may still come. */
  get room(): number {
    return this.#most - this.#received
  }

  setNoDelay(): this {
    return this
  }

  /** Channel binding reads the certificate that TLS met. */
  getPeerCertificate(detailed?: boolean): unknown {
    return this.#socket instanceof TLSSocket ? this.#socket.getPeerCertificate(detailed === true) : undefined
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: (error?: Error | null) => void): void {
    if (this.#socket.writable) this.#socket.write(chunk, () => callback())
    else callback()
  }

  override _final(callback: () => void): void {
    this.#socket.end()
    callback()
  }

  override _destroy(_error: Error | null, callback: (error?: Error | null) => void): void {
    this.#socket.destroy()
    callback(null)
  }

  #hand(chunk: Buffer): void {
    this.#received += chunk.length
    try {
      if (this.#received > this.#most) this.#end('too-much')
      else this.emit('data', chunk)
    } catch {
      this.#end('protocol')
    }
  }

  #end(code: string): void {
    this.trouble ??= new NetError('talk', code)
    this.destroy()
  }
}
