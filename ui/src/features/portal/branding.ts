// By what a customer recognises the company: its name, its logo and its colour.
import { queryOptions, useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { api, data } from "@/api/client";
import { readable } from "@/parts/colour";

export const brandingQuery = queryOptions({
  queryKey: ["branding"],
  staleTime: Number.POSITIVE_INFINITY,
  queryFn: () => data(api.GET("/api/v1/portal")),
});

/** The company's branding, and whether it is known yet; its colour is that of buttons for as long as the screen that asks is there. */
export function useBranding(): { name: string; logo: string; isPending: boolean } {
  const { data: branding, isPending } = useQuery(brandingQuery);
  const colour = branding?.colour;
  useEffect(() => {
    const fill = colour && readable(colour);
    if (!fill) return;
    const style = document.documentElement.style;
    style.setProperty("--mantine-primary-color-filled", fill);
    style.setProperty("--mantine-primary-color-filled-hover", `color-mix(in srgb, ${fill} 88%, black)`);
    return () => {
      style.removeProperty("--mantine-primary-color-filled");
      style.removeProperty("--mantine-primary-color-filled-hover");
    };
  }, [colour]);
  return { name: branding?.name ?? "Mainstay", logo: branding?.logo ?? "/favicon.svg", isPending };
}
