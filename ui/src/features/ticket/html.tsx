// A message as it was designed. It is sanitised by the service, and shown in a frame in which nothing runs; pictures from
// elsewhere are not fetched, for the sender would learn that somebody reads.
import { Group, Text } from "@mantine/core";
import { useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { withheldIn } from "./html-pictures";
import classes from "./ticket.module.css";

/** How a message looks that brings no style of its own: as on paper, in either scheme. */
const STYLE = `
  html { background: #fff; color: #16242b; font: 14px/1.55 system-ui, sans-serif; overflow-wrap: anywhere; }
  body { margin: 0; padding: 8px; overflow-x: auto; }
  img { max-width: 100%; height: auto; }
  img[data-remote-src] { display: none; }
  table { max-width: 100%; }
  blockquote { margin: 8px 0; padding-left: 12px; border-left: 3px solid #dfe5e8; }
`;

/** A frame is as high as its content, up to this many pixels. */
const TALLEST = 2400;

export function Html({ html }: { html: string }) {
  const { t } = useTranslation("ticket");
  const frame = useRef<HTMLIFrameElement>(null);
  const [height, setHeight] = useState(80);
  const withheld = withheldIn(html);
  const measure = () => {
    const page = frame.current?.contentDocument;
    if (page) setHeight(Math.min(page.documentElement.scrollHeight, TALLEST));
  };
  return (
    <>
      <iframe
        ref={frame}
        title={t("html.frame")}
        // Same origin only to be measured: without `allow-scripts` nothing in it can run.
        sandbox="allow-same-origin allow-popups allow-popups-to-escape-sandbox"
        srcDoc={`<!doctype html><base target="_blank"><style>${STYLE}</style>${html}`}
        className={classes.html}
        style={{ height }}
        onLoad={measure}
      />
      {withheld > 0 && (
        <Group gap="xs" mt={4}>
          <Text size="xs" c="dimmed">
            {t("pictures.withheld", { count: withheld })}
          </Text>
        </Group>
      )}
    </>
  );
}
