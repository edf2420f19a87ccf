import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { tanstackRouter } from "@tanstack/router-plugin/vite";
import react from "@vitejs/plugin-react";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

const out = process.env.MAINSTAY_UI_OUT ?? "dist";

const service = process.env.MAINSTAY_URL ?? "http://127.0.0.1:8080";

/** Lays a compressed twin beside every text, so that the service compresses nothing while it answers. */
function compress(): Plugin {
  return {
    name: "compress",
    apply: "build",
    closeBundle() {
      for (const entry of readdirSync(out, { recursive: true, withFileTypes: true })) {
        if (!entry.isFile() || !/\.(js|css|html|svg|json)$/.test(entry.name)) continue;
        const path = join(entry.parentPath, entry.name);
        const content = readFileSync(path);
        writeFileSync(`${path}.br`, brotliCompressSync(content));
        writeFileSync(`${path}.gz`, gzipSync(content));
      }
    },
  };
}

/** What the first look at the inbox needs beside the entry: the frame, the list, the words. */
const FIRST = [/\/routes\/_work\.tsx\?/, /\/routes\/_work\/inbox\.tsx\?/, /\/locales\/en\/index\.ts$/];

/** How much script the first look at the inbox may load, in bytes as Brotli compresses it. */
const MOST = 250_000;

/** What every screen is made of, each in one file: fewer are asked for, and they are compressed better together. */
const GROUPS = [
  {
    name: "base",
    test: /node_modules\/(react|react-dom|scheduler|react-i18next|i18next|use-sync-external-store|clsx|@floating-ui|@mantine\/hooks|@tanstack\/(?!react-virtual|virtual-core)[\w-]+|openapi-fetch|eventsource-\w+)\//,
  },
  {
    name: "parts",
    test: /node_modules\/@mantine\/core\/esm\/(core|utils|components\/(ActionIcon|Anchor|AppShell|Avatar|Box|Burger|Button|Center|Checkbox|CloseButton|Collapse|Divider|Flex|FocusTrap|Group|Indicator|Inline\w*|Input\w*|Kbd|Loader|Menu|NativeSelect|NavLink|Notification|Overlay|Paper|Pill|Popover|Portal|Skeleton|Stack|Text|TextInput|Title|Tooltip|Transition|UnstyledButton|VisuallyHidden))\//,
  },
];

/** Fails the build when the first look at the inbox loads more script than it may. */
function weigh(): Plugin {
  return {
    name: "weigh",
    apply: "build",
    writeBundle(_options, bundle) {
      const chunks = Object.values(bundle).filter((file) => file.type === "chunk");
      const needed = new Map<string, number>();
      const need = (name: string) => {
        const chunk = bundle[name];
        if (chunk?.type !== "chunk" || needed.has(name)) return;
        needed.set(name, brotliCompressSync(readFileSync(join(out, name))).length);
        for (const imported of chunk.imports) need(imported);
      };
      for (const { fileName, isEntry, facadeModuleId } of chunks) {
        if (isEntry || FIRST.some((first) => first.test(facadeModuleId ?? ""))) need(fileName);
      }
      const sizes = [...needed];
      const total = sizes.reduce((sum, [, size]) => sum + size, 0);
      this.info(`the inbox first loads ${Math.round(total / 1000)} kB of compressed script in ${sizes.length} files`);
      if (total <= MOST) return;
      const largest = sizes.sort(([, one], [, other]) => other - one).slice(0, 10);
      this.error(
        `the inbox first loads ${total} bytes of compressed script, and ${MOST} are allowed; the largest files: ` +
          largest.map(([name, size]) => `${name} ${size}`).join(", "),
      );
    },
  };
}

export default defineConfig({
  plugins: [tanstackRouter({ target: "react", autoCodeSplitting: true }), react(), weigh(), compress()],
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  build: {
    target: "es2023",
    assetsInlineLimit: 0,
    outDir: out,
    emptyOutDir: true,
    rolldownOptions: { output: { codeSplitting: { groups: GROUPS } } },
  },
  server: { proxy: { "/api": service, "/readyz": service } },
  test: { environment: "jsdom", setupFiles: ["src/app/test-setup.ts"], restoreMocks: true },
});
