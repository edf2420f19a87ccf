// A ticket and its conversation before they are there, drawn as they will stand. It comes with the routes, so it is light.
import { Skeleton } from "@mantine/core";
import { LoadingRows } from "@/parts/states";
import classes from "./ticket.module.css";

/** A ticket while it is on its way, drawn as it will stand. */
export function ComingTicket() {
  return (
    <div className={classes.page}>
      <header className={classes.head}>
        <Skeleton width="min(28rem, 80%)" height="1.625rem" />
        <Skeleton width="min(20rem, 60%)" height="1.75rem" mt="0.25rem" />
      </header>
      <div className={classes.columns}>
        <Coming />
        <div className={classes.aside}>
          <div className={classes.side}>
            <LoadingRows rows={3} />
          </div>
        </div>
      </div>
    </div>
  );
}

/** The conversation while it is on its way, as high as it may become, so that the composer stays where it is. */
export function Coming() {
  return (
    <div className={classes.conversation}>
      <LoadingRows rows={3} />
    </div>
  );
}
