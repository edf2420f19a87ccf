// A part of a screen that comes and fails by itself: what stands around it stays.
import { useQueryErrorResetBoundary } from "@tanstack/react-query";
import { CatchBoundary } from "@tanstack/react-router";
import { type ReactNode, Suspense } from "react";
import { Failure } from "./states";

interface ApartProps {
  /** What stands in its place while it is on its way, as high as it will be. */
  meanwhile?: ReactNode;
  children: ReactNode;
}

export function Apart({ meanwhile = null, children }: ApartProps) {
  const { reset: forget } = useQueryErrorResetBoundary();
  return (
    <CatchBoundary
      getResetKey={() => ""}
      errorComponent={({ error, reset }) => {
        const tryAgain = () => {
          forget();
          reset();
        };
        return <Failure error={error} onRetry={tryAgain} />;
      }}
    >
      <Suspense fallback={meanwhile}>{children}</Suspense>
    </CatchBoundary>
  );
}
