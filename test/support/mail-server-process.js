// smtp-server of npm in a process of its own, so that its sockets are not taken for those of a probe. Told what to be over IPC, and asked there.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

const [packageJson, optionsText] = process.argv.slice(2)
const { SMTPServer } = createRequire(packageJson)('smtp-server')
const { user, password, mechanisms, tls, wrapped, domain, more } = JSON.parse(optionsText)
const state = { mails: 0, tried: [], names: [], envelopes: [] }
const refusal = (code, text) => Object.assign(new Error(text), { responseCode: code })

const server = new SMTPServer({
  logger: false,
  disableReverseLookup: true,
  allowInsecureAuth: true,
  authMethods: mechanisms,
  ...(mechanisms.length === 0 ? { authOptional: true, disabledCommands: ['AUTH'] } : {}),
  ...(tls === undefined ? { hideSTARTTLS: true } : { cert: readFileSync(tls.cert), key: readFileSync(tls.key) }),
  secure: wrapped !== undefined,
  onAuth: (auth, session, done) => {
    state.tried.push(auth.method)
    state.names.push(session.hostNameAppearsAs)
    const isRight = auth.method === 'CRAM-MD5' ? auth.validatePassword(password) : auth.password === password
    if (auth.username !== user || !isRight) return done(refusal(535, 'Error: authentication failed'))
    done(null, { user })
  },
  onMailFrom: ({ address }, session, done) => {
    state.envelopes.push(`MAIL ${address}`)
    state.names.push(session.hostNameAppearsAs)
    if (domain !== undefined && !address.endsWith(`@${domain}`)) return done(refusal(553, 'Sender address rejected: not owned by user'))
    done()
  },
  onRcptTo: ({ address }, _session, done) => {
    state.envelopes.push(`RCPT ${address}`)
    done()
  },
  onData: (stream, _session, done) => {
    state.mails += 1
    stream.resume()
    stream.on('end', () => done())
  },
  ...more,
})
server.on('error', () => {})
server.listen(0, '127.0.0.1', () => process.send({ port: server.server.address().port }))
process.on('message', () => process.send({ ...state, open: server.connections.size }))
process.on('disconnect', () => process.exit(0))
