"use client";
/** The title of the document: the tab, the history and the first thing a screen reader says of a new page. */
import { useEffect } from "react";

const PRODUCT = "Smart Meeting Scribe";

/** `useTitle(t("title"))` → `Voices · Smart Meeting Scribe`; nothing known yet: the product alone. */
export function useTitle(title: string | null | undefined): void {
  useEffect(() => {
    document.title = title ? `${title} · ${PRODUCT}` : PRODUCT;
  }, [title]);
}
