import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { childrenOf, readXml, textOf, XML_LIMITS } from '../../../src/kinds/s3/xml.ts'

const read = (text: string, limits = XML_LIMITS) => readXml(Buffer.from(text), limits)

describe('the XML of object stores', () => {
  test('elements, text, entities and numbers of characters are read', () => {
    const list = read(
      '\ufeff<?xml version="1.0" encoding="UTF-8"?>\n<s3:ListBucketResult xmlns:s3="http://s3.amazonaws.com/doc/2006-03-01/">\n  <Name>shop</Name><Prefix/>\n<Contents ><Key>a &amp;lt; &lt;b&gt; &quot;&apos;&#13;&#x1F600;</Key></Contents><Contents><Key>c</Key></Contents ></s3:ListBucketResult>\n',
    )
    expect([list.name, textOf(list, 'Name'), textOf(list, 'Prefix'), textOf(list, 'None')]).toEqual([
      'ListBucketResult',
      'shop',
      null,
      null,
    ])
    expect(childrenOf(list, 'Contents').map((entry) => textOf(entry, 'Key'))).toEqual(['a &lt; <b> "\'\r\u{1F600}', 'c'])
  })

  test.each([
    ['nothing', ''],
    ['a text', 'no such page'],
    ['JSON', '{"Code":"NoSuchBucket"}'],
    ['HTML', '<!doctype html><html><body>404</body></html>'],
    ['a document type', '<!DOCTYPE Error [<!ENTITY a "b">]><Error><Code>&a;</Code></Error>'],
    ['an entity of its own', '<Error><Code>&lol;</Code></Error>'],
    ['an entity without an end', '<Error><Code>a & b</Code></Error>'],
    ['a file of this machine', '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>'],
    ['a comment', '<Error><!-- a --></Error>'],
    ['a section', '<Error><![CDATA[x]]></Error>'],
    ['the end of a section', '<Error>]]></Error>'],
    ['an instruction', '<Error><?php ?></Error>'],
    ['a missing end', '<Error><Code>x</Code>'],
    ['another end', '<Error><Code>x</Error></Code>'],
    ['two roots', '<Error/><Error/>'],
    ['text behind the root', '<Error/>x'],
    ['an attribute without quotes', '<Error a=b/>'],
    ['an attribute with a bracket', '<Error a="<"/>'],
    ['half a surrogate', '<Error>&#xD800;</Error>'],
    ['a character that is none', '<Error>&#x110000;</Error>'],
    ['a tag without an end', '<Error'],
    ['a name that is none', '<1/>'],
  ])('%s is no answer', (_, text) => {
    expect(() => read(text)).toThrow(expect.objectContaining({ code: 'protocol' }))
  })

  test.each([
    ['bytes', `<a>${'x'.repeat(200)}</a>`],
    ['depth', '<a>'.repeat(20)],
    ['elements', `<a>${'<b/>'.repeat(40)}</a>`],
    ['a tag', `<a ${'b="c" '.repeat(1_000)}/>`],
  ])('more %s than any answer has is too much', (what, text) => {
    const limits = { bytes: what === 'bytes' ? 100 : 100_000, depth: 12, elements: 30 }
    expect(() => read(text, limits)).toThrow(expect.objectContaining({ code: 'too-much' }))
  })

  test('random pieces of it are read or refused in time, and nothing else happens', () => {
    const piece = fc.constantFrom(
      '<a>',
      '</a>',
      '<a/>',
      '<b x="1">',
      '</b>',
      '&amp;',
      '&',
      ';',
      '#x1;',
      '"',
      '<',
      '>',
      ' ',
      '<!',
      ']]>',
      'k',
      '<?xml ?>',
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
        try {
          read(pieces.join(''))
        } catch (error) {
          expect(error).toMatchObject({ name: 'NetError', code: expect.stringMatching(/^(protocol|too-much)$/) })
        }
      }),
      { numRuns: 2_000 },
    )
  })

  test('a tag that a slow reader would go back over for ever is read at once', () => {
    const started = performance.now()
    expect(() => read(`<a${' a="1"'.repeat(300)} b`)).toThrow()
    expect(() => read(`<a>${'&'.repeat(200_000)}</a>`)).toThrow()
    expect(performance.now() - started).toBeLessThan(1_000)
  })
})
