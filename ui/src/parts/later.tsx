// What is not read first is drawn a moment after what is, in parts between which the browser answers.
import { type ReactNode, startTransition, useEffect, useState } from "react";
import { Apart } from "./apart";

interface LaterProps {
  /** What stands in its place until then, as high as it will be. */
  meanwhile?: ReactNode;
  children: ReactNode;
}

export function Later({ meanwhile = null, children }: LaterProps) {
  const [isTime, setIsTime] = useState(false);
  useEffect(() => {
    // After the picture that is being made, not with it.
    const frame = requestAnimationFrame(() => setTimeout(() => startTransition(() => setIsTime(true))));
    return () => cancelAnimationFrame(frame);
  }, []);
  return <Apart meanwhile={meanwhile}>{isTime ? children : meanwhile}</Apart>;
}
