import type { KindAbout } from '../../ports/kind.ts'

export const about: KindAbout = {
  product: 'mail servers (SMTP: Postfix, Postmark, SendGrid, Mailgun, Amazon SES, Mailtrap)',
  forms: [
    ['smtp://USER:PASSWORD@HOST:587', 'STARTTLS if the server offers it; without a port: 587 with a user, 25 without'],
    ['submission://USER:PASSWORD@HOST', 'STARTTLS, verified, at 587; also smtp+starttls: and smtp+tls: (django-environ)'],
    ['smtps://USER:PASSWORD@HOST', 'TLS from the first byte on, verified, at 465; also submissions: and smtp+ssl:'],
    [
      '…?from=app%40example.com&to=…',
      'the sender that the app writes from, and a recipient: both are announced to the server, and taken back',
    ],
    ['…?auth=plain|login|cram-md5', 'one way to log in; else the strongest that the server offers'],
    [
      '…?name=app.example.com',
      'what stands after EHLO; else the address that the connection comes from, as [10.0.0.7] (also local_domain)',
    ],
    ['…?cafile=/etc/ssl/mail-ca.pem', 'the authority of a private certificate, for the probe; no client of apps reads it'],
    [
      'SMTP_HOST, SMTP_PORT, SMTP_USERNAME, SMTP_PASSWORD …',
      'variables of Rails and Node; EMAIL_HOST … of Django, MAIL_HOST … of Laravel, MAIL_SERVER … of Flask',
    ],
  ],
  tls: [
    ['smtp:', 'prefer: STARTTLS if offered, not verified; a password never goes unencrypted to another machine'],
    ['submission:, starttls=true, requireTLS=true, require_tls=true', 'STARTTLS or nothing, verified'],
    ['smtps:, ssl=true, secure=true, encryption=ssl', 'TLS from the first byte on, verified'],
    ['tls=true, encryption=tls', 'TLS from the first byte on at 465, else STARTTLS or nothing; verified'],
    ['starttls=false, starttls_auto=false, auto_tls=false, ignoreTLS=true', 'plain text'],
    ['tls.rejectUnauthorized=false, verify_peer=false, openssl_verify_mode=none', 'encrypted, not verified'],
  ],
  probed: [
    'the greeting, EHLO, STARTTLS, and EHLO again behind it; whatever comes in plain text behind the answer to STARTTLS is an attack',
    'the login by CRAM-MD5, PLAIN or LOGIN; where CRAM-MD5 is offered and refused, a plain way is tried once, as clients do',
    'MAIL FROM and RCPT TO with the declared sender, then RSET and QUIT; never DATA, so no mail is made',
    'without a declared sender: NOOP, and that the sender was not asked for is told',
  ],
  notProbed: [
    'whether mail arrives: SPF, DKIM, blocklists and the filters of receivers are not asked',
    'whether an account is in the sandbox of Amazon SES, or a token is that of a sandbox server of Postmark: SMTP does not tell',
    'limits of how much may be sent, and what waits in a queue',
    'logins by OAuth (XOAUTH2, OAUTHBEARER), GSSAPI, NTLM and SCRAM',
    'RCPT TO lets some servers look the recipient up elsewhere, and opens a file in the queue of Postfix that RSET removes',
  ],
  notRunHere: [
    'Postmark, SendGrid, Mailgun, Amazon SES, Mailtrap, Exim, Exchange: known by their documentation alone',
    'the store of passwords behind a login on Postfix: a stand-in speaks the protocol of Dovecot to it; CRAM-MD5 runs on smtp-server from npm',
  ],
}
