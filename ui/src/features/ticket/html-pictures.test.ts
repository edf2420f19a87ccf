import { expect, test } from "vitest";
import { withheldIn, withPictures } from "./html-pictures";

const html =
  '<p>Hello</p><img alt="a" data-remote-src="https://a.example/1.png"><img src="cid:1"><img data-remote-src="x">';

test("withheld pictures are counted", () => {
  expect(withheldIn(html)).toBe(2);
  expect(withheldIn('<img alt="a > b" data-remote-src="x">')).toBe(1);
  expect(withheldIn("<p>data-remote-src=</p>")).toBe(0);
});

test("each withheld picture gets its own address", () => {
  const shown = withPictures(html, ["/a?x=1&y=2"]);
  expect(shown).toBe('<p>Hello</p><img alt="a" src="/a?x=1&amp;y=2"><img src="cid:1"><img data-remote-src="x">');
});
