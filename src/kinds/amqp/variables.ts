import type { VariableSet } from '../../domain/variables.ts'

/** The second names are those of other frameworks, the third those of the image that makes the user (RABBITMQ_DEFAULT_USER). */
export const AMQP_VARIABLES: readonly VariableSet[] = [
  {
    parts: {
      host: ['RABBITMQ_HOST', 'RABBITMQ_HOSTNAME'],
      port: ['RABBITMQ_PORT'],
      user: ['RABBITMQ_USERNAME', 'RABBITMQ_USER', 'RABBITMQ_DEFAULT_USER'],
      password: ['RABBITMQ_PASSWORD', 'RABBITMQ_PASS', 'RABBITMQ_DEFAULT_PASS'],
      vhost: ['RABBITMQ_VHOST', 'RABBITMQ_VIRTUAL_HOST', 'RABBITMQ_DEFAULT_VHOST'],
      tls: ['RABBITMQ_TLS', 'RABBITMQ_SSL', 'RABBITMQ_USE_TLS', 'RABBITMQ_USE_SSL'],
    },
    needs: ['host'],
  },
  {
    parts: {
      host: ['AMQP_HOST', 'AMQP_HOSTNAME'],
      port: ['AMQP_PORT'],
      user: ['AMQP_USERNAME', 'AMQP_USER', 'AMQP_LOGIN'],
      password: ['AMQP_PASSWORD', 'AMQP_PASS'],
      vhost: ['AMQP_VHOST'],
      tls: ['AMQP_TLS', 'AMQP_SSL', 'AMQP_USE_TLS', 'AMQP_USE_SSL'],
    },
    needs: ['host'],
  },
]
