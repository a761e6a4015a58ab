// The colours of people. Each hue has a strong form that carries white text on a light page and dark text on a dark one
// with a contrast of at least 4.5:1, and stands out as a caret on both; page.css holds the two forms as --hue-N.
//
// What travels to other clients are the plain hex values of the light form, which every Yjs editor understands. What
// arrives from others is never put into a style: it is only compared with the hues here.

/** The light forms; the order is that of --hue-0 … in page.css. */
export const hues = ['#b3362b', '#8a5a00', '#4b6b1f', '#0b6b5d', '#0a6a8c', '#4453b8', '#7d3fa6', '#a82f6f'] as const

/** The hue for a client: that of the colour it announces, or, for colours of other programs, one by its id. */
export function hueOf(color: unknown, client: number): number {
  const known = typeof color === 'string' ? hues.indexOf(color.toLowerCase() as (typeof hues)[number]) : -1
  return known >= 0 ? known : client % hues.length
}
