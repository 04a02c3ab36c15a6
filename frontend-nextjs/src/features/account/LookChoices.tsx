"use client";
/** Language and theme, as they are kept in this browser. */
import { Monitor, Moon, Sun } from "lucide-react";
import { useTranslations } from "next-intl";
import { Choice } from "@/components/ui/Choice";
import { useLanguage } from "@/features/shell/Language";
import { useTheme } from "@/features/shell/theme";

export function LookChoices({ isCompact = false }: { isCompact?: boolean }) {
  const t = useTranslations("account");
  const { language, setLanguage } = useLanguage();
  const { theme, setTheme } = useTheme();
  return (
    <div className={isCompact ? "flex gap-2" : "flex flex-wrap gap-x-8 gap-y-5"}>
      <Choice
        label={t("language")}
        isLabelHidden={isCompact}
        value={language}
        onChange={setLanguage}
        options={[
          { value: "fr", label: t("languageFr") },
          { value: "en", label: t("languageEn") },
        ]}
      />
      <Choice
        label={t("theme")}
        isLabelHidden={isCompact}
        isCompact={isCompact}
        value={theme}
        onChange={setTheme}
        options={[
          { value: "light", label: t("themeLight"), icon: <Sun /> },
          { value: "dark", label: t("themeDark"), icon: <Moon /> },
          { value: "system", label: t("themeSystem"), icon: <Monitor /> },
        ]}
      />
    </div>
  );
}
