// A message as it was designed. It is sanitised by the service, and shown in a frame in which nothing runs; pictures from
// elsewhere are fetched only when somebody asks for them, for the sender would learn that somebody reads.
import { useComputedColorScheme } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { onDarkPaper } from "./html-colours";
import { withheldIn, withPictures } from "./html-pictures";
import { imageSendersQuery, imagesQuery, Pictures } from "./pictures";
import classes from "./ticket.module.css";

const STYLE = `
  html { font: 14px/1.55 system-ui, sans-serif; overflow-wrap: anywhere; }
  body { margin: 0; padding: 8px; overflow-x: auto; }
  img { max-width: 100%; height: auto; }
  img[data-remote-src] { display: none; }
  table { max-width: 100%; }
  blockquote { margin: 8px 0; padding-left: 12px; border-left: 3px solid #8a979e; }
`;

/** On a light screen, paper is white. On a dark one a message takes its colours, or lies on it as a white sheet with a margin. */
const PAPER = {
  light: "html { color-scheme: light; background: #fff; color: #16242b; }",
  sheet: "html { color-scheme: light; background: #fff; color: #16242b; } body { padding: 16px 20px; }",
  dark: "html { color-scheme: dark; background: transparent; color: #d5dee2; } a:not([style*=color]) { color: #7cc4d4; }",
};

/** A frame is as high as its content, up to this many pixels. */
const TALLEST = 2400;

interface HtmlProps {
  /** The message. */
  id: string;
  html: string;
  /** The address it came from. */
  sender: string | null;
}

export function Html({ id, html, sender }: HtmlProps) {
  const { t } = useTranslation("ticket");
  const frame = useRef<HTMLIFrameElement>(null);
  const [height, setHeight] = useState(80);
  const [isLoaded, setLoaded] = useState(false);
  const [isAsked, setAsked] = useState(false);
  const withheld = withheldIn(html);
  const senders = useQuery({ ...imageSendersQuery, enabled: withheld > 0 });
  const isTrusted = sender !== null && (senders.data?.includes(sender.toLowerCase()) ?? false);
  const isWanted = withheld > 0 && (isAsked || isTrusted);
  const images = useQuery({ ...imagesQuery(id), enabled: isWanted });
  const addresses = isWanted ? images.data : undefined;
  const scheme = useComputedColorScheme("light");
  const dark = useMemo(() => (scheme === "dark" ? onDarkPaper(html) : null), [scheme, html]);
  const paper = scheme === "light" ? "light" : dark === null ? "sheet" : "dark";
  const written = dark ?? html;
  const measure = () => {
    const page = frame.current?.contentDocument;
    if (page) setHeight(Math.min(page.documentElement.scrollHeight, TALLEST));
    setLoaded(true);
  };
  const shown = addresses ? withPictures(written, addresses) : written;
  return (
    <>
      <iframe
        ref={frame}
        title={t("html.frame")}
        // Same origin only to be measured, and to fetch pictures as who reads: without `allow-scripts` nothing in it runs.
        sandbox="allow-same-origin allow-popups allow-popups-to-escape-sandbox"
        srcDoc={`<!doctype html><base target="_blank"><style>${STYLE}${PAPER[paper]}</style>${shown}`}
        className={classes.html}
        data-paper={paper}
        data-loaded={isLoaded || undefined}
        style={{ height }}
        onLoad={measure}
      />
      {withheld > 0 && (
        <Pictures
          count={withheld}
          sender={sender}
          isShown={addresses !== undefined}
          isTrusted={isTrusted}
          error={images.error}
          onShow={() => setAsked(true)}
          onHide={() => setAsked(false)}
        />
      )}
    </>
  );
}
