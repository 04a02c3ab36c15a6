import { WelcomePage } from "@/features/account/WelcomePage";

export default function Page() {
  return <WelcomePage />;
}
