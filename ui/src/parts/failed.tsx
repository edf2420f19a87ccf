// A whole screen that could not be had.
import { useQueryErrorResetBoundary } from "@tanstack/react-query";
import { useRouter } from "@tanstack/react-router";
import { Failure } from "./states";

/** A screen that could not be had. To try again is to ask the service again: to draw it anew would only show the same failure. */
export function Failed({ error }: { error: unknown }) {
  const router = useRouter();
  const { reset } = useQueryErrorResetBoundary();
  const tryAgain = () => {
    reset();
    void router.invalidate();
  };
  return <Failure error={error} onRetry={tryAgain} order={1} />;
}
