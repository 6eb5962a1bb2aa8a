import { lookup } from 'node:dns/promises'
import { readFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { describe, expect, test } from 'vitest'
import { contactsNothing } from './no-contact.ts'

describe('where nothing may be contacted', () => {
  contactsNothing()

  test.each([
    ['a connection', () => connect(1, '127.0.0.1')],
    ['a question to the name system', () => lookup('localhost')],
    ['a file that is read', () => readFile('/dev/null')],
  ])('%s throws, however it was imported', (_, contacts) => {
    expect(contacts).toThrow('something was contacted')
  })
})

test('elsewhere it does not', async () => {
  expect(await readFile('/dev/null', 'utf8')).toBe('')
})
