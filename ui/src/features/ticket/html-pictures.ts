// The pictures of a message that lie elsewhere: the service left each without a source.

const WITHHELD = "img[data-remote-src]";

/** A page in which nothing runs and nothing is fetched. */
function pageOf(html: string): Document {
  return new DOMParser().parseFromString(html, "text/html");
}

/** How many pictures of a message lie elsewhere and were not fetched. */
export function withheldIn(html: string): number {
  return pageOf(html).querySelectorAll(WITHHELD).length;
}

/** The message with its pictures, each by the address at which the service shows it, in the order in which they stand. */
export function withPictures(html: string, addresses: readonly string[]): string {
  const page = pageOf(html);
  page.querySelectorAll(WITHHELD).forEach((picture, position) => {
    const address = addresses[position];
    if (!address) return;
    picture.removeAttribute("data-remote-src");
    picture.setAttribute("src", address);
  });
  return page.body.innerHTML;
}
