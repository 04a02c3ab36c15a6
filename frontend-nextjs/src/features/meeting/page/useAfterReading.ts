"use client";
import { useEffect, useState } from "react";

/** True once what is to be read has been painted: what may be done with it is loaded after it. */
export function useAfterReading(isReadable: boolean): boolean {
  const [isAfter, setAfter] = useState(false);
  useEffect(() => {
    if (!isReadable) return;
    const frame = requestAnimationFrame(() => setAfter(true));
    return () => cancelAnimationFrame(frame);
  }, [isReadable]);
  return isAfter;
}
