// What stands over a thing while the pointer rests on it. Nothing is made for it before, so that a list may have thousands.
import { Tooltip } from "@mantine/core";
import { type PointerEventHandler, type ReactNode, useEffect, useRef, useState } from "react";

/** How long the pointer rests before it is told more, in milliseconds. */
const REST = 400;

interface Hinted {
  onPointerEnter: PointerEventHandler<HTMLElement>;
  onPointerLeave: PointerEventHandler<HTMLElement>;
}

interface HintProps {
  /** What is told. It is asked for when it is shown. */
  say: () => string;
  /** Draws the thing, with what must be among its properties. */
  children: (hinted: Hinted) => ReactNode;
}

export function Hint({ say, children }: HintProps) {
  const [target, setTarget] = useState<HTMLElement | null>(null);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  const enter: Hinted["onPointerEnter"] = ({ currentTarget }) => {
    timer.current = setTimeout(() => setTarget(currentTarget), REST);
  };
  const leave = () => {
    clearTimeout(timer.current);
    setTarget(null);
  };
  return (
    <>
      {children({ onPointerEnter: enter, onPointerLeave: leave })}
      {target && <Tooltip target={target} label={say()} opened />}
    </>
  );
}
