import type { VariableSet } from '../../domain/variables.ts'

/** The variables of Rails, Mastodon and most apps of Node; then Django, Laravel, Flask. */
export const SMTP_VARIABLES: readonly VariableSet[] = [
  {
    parts: {
      host: ['SMTP_HOST', 'SMTP_ADDRESS', 'SMTP_SERVER', 'SMTP_HOSTNAME'],
      port: ['SMTP_PORT'],
      user: ['SMTP_USERNAME', 'SMTP_USER', 'SMTP_LOGIN', 'SMTP_USER_NAME'],
      password: ['SMTP_PASSWORD', 'SMTP_PASS'],
      secure: ['SMTP_SECURE'],
      ssl: ['SMTP_SSL', 'SMTP_USE_SSL'],
      tls: ['SMTP_TLS', 'SMTP_USE_TLS'],
      security: ['SMTP_SECURITY', 'SMTP_ENCRYPTION'],
      starttls: ['SMTP_ENABLE_STARTTLS', 'SMTP_STARTTLS', 'SMTP_USE_STARTTLS'],
      starttls_auto: ['SMTP_ENABLE_STARTTLS_AUTO'],
      openssl_verify_mode: ['SMTP_OPENSSL_VERIFY_MODE'],
      auth: ['SMTP_AUTHENTICATION', 'SMTP_AUTH_METHOD'],
      name: ['SMTP_DOMAIN'],
      from: ['SMTP_FROM', 'SMTP_FROM_ADDRESS', 'SMTP_FROM_EMAIL', 'SMTP_SENDER'],
    },
    needs: ['host'],
  },
  {
    parts: {
      host: ['EMAIL_HOST'],
      port: ['EMAIL_PORT'],
      user: ['EMAIL_HOST_USER'],
      password: ['EMAIL_HOST_PASSWORD'],
      ssl: ['EMAIL_USE_SSL'],
      starttls: ['EMAIL_USE_TLS'],
      from: ['DEFAULT_FROM_EMAIL', 'EMAIL_FROM'],
    },
    needs: ['host'],
  },
  {
    parts: {
      host: ['MAIL_HOST'],
      port: ['MAIL_PORT'],
      user: ['MAIL_USERNAME'],
      password: ['MAIL_PASSWORD'],
      encryption: ['MAIL_ENCRYPTION', 'MAIL_SCHEME'],
      name: ['MAIL_EHLO_DOMAIN'],
      from: ['MAIL_FROM_ADDRESS'],
    },
    needs: ['host'],
    told: { by: 'MAIL_MAILER', says: /^(smtp)?$/i },
  },
  {
    parts: {
      host: ['MAIL_SERVER'],
      port: ['MAIL_PORT'],
      user: ['MAIL_USERNAME'],
      password: ['MAIL_PASSWORD'],
      ssl: ['MAIL_USE_SSL', 'MAIL_SSL_TLS'],
      starttls: ['MAIL_USE_TLS', 'MAIL_STARTTLS'],
      from: ['MAIL_DEFAULT_SENDER', 'MAIL_FROM'],
    },
    needs: ['host'],
    // Laravel has these too, also where it sends no mail (MAIL_MAILER=log).
    shared: ['MAIL_PORT', 'MAIL_USERNAME', 'MAIL_PASSWORD'],
  },
]
