const BYTE = '(25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)'
const V4 = new RegExp(`^${BYTE}(\\.${BYTE}){3}$`)

/** 4 or 6 for an IP address as text (RFC 4291, with a zone after %), else 0. As `net.isIP`, without loading the network for a host name. */
export function ipVersion(text: string): 0 | 4 | 6 {
  if (V4.test(text)) return 4
  const [address = '', ...zone] = text.split('%')
  if (!address.includes(':') || zone.length > 1 || zone.some((name) => !/^[0-9a-zA-Z.:-]+$/.test(name))) return 0
  return URL.canParse(`http://[${address}]`) ? 6 : 0
}
