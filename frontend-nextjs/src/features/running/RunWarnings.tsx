"use client";
import { useTranslations } from "next-intl";
import { Notice } from "@/components/ui/Notice";
import type { Schemas } from "@/lib/api/client";

/** What a reader must know although the run went on. */
export function RunWarnings({ warnings }: { warnings: Schemas["WarningOut"][] }) {
  const t = useTranslations("running");
  if (warnings.length === 0) return null;
  const sentence = ({ code, message }: Schemas["WarningOut"]) => {
    const key = `warning.${code.replaceAll(/[.-]/g, "_")}` as Parameters<typeof t>[0];
    return t.has(key) ? t(key) : message;
  };
  return (
    <Notice tone="warning" title={t("warnings", { count: warnings.length })}>
      <ul className="list-disc pl-4.5">
        {warnings.map((warning) => (
          <li key={`${warning.code}${warning.message}`}>{sentence(warning)}</li>
        ))}
      </ul>
    </Notice>
  );
}
