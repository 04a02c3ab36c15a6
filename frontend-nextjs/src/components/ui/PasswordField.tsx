"use client";
/** A password that may be looked at. Browsers and password managers know what it is for by `autoComplete`. */
import { Eye, EyeOff } from "lucide-react";
import { useTranslations } from "next-intl";
import { useState, type ComponentProps } from "react";
import { TextField } from "./Field";
import { IconButton } from "./IconButton";

type Props = Omit<ComponentProps<typeof TextField>, "type" | "autoComplete"> & { autoComplete: "current-password" | "new-password" | "one-time-code" | "off" };

export function PasswordField(props: Props) {
  const t = useTranslations("account");
  const [isShown, setShown] = useState(false);
  return (
    <div className="relative">
      <TextField {...props} type={isShown ? "text" : "password"} spellCheck={false} autoCapitalize="none" maxLength={200} className="pr-11" />
      <div className="absolute top-6.75 right-0">
        <IconButton label={isShown ? t("hidePassword") : t("showPassword")} onClick={() => setShown(!isShown)}>
          {isShown ? <EyeOff /> : <Eye />}
        </IconButton>
      </div>
    </div>
  );
}
