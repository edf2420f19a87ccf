// A card at the side of a ticket.
import { Title } from "@mantine/core";
import type { ReactNode } from "react";
import classes from "./ticket.module.css";

export function Card({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className={classes.card} aria-label={title}>
      <Title order={2} className={classes.cardTitle ?? ""}>
        {title}
      </Title>
      {children}
    </section>
  );
}
