/** How many pictures of a message lie elsewhere and were not fetched. */
export function withheldIn(html: string): number {
  return html.match(/<img[^>]*\sdata-remote-src=/g)?.length ?? 0;
}
