import { SignInPage } from "@/features/account/SignInPage";

export default function Page() {
  return <SignInPage />;
}
