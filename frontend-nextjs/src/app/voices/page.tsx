import { VoicesPage } from "@/features/voices/VoicesPage";

export default function Page() {
  return <VoicesPage />;
}
