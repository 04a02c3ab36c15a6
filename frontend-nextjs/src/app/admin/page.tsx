import { AdminPage } from "@/features/admin/AdminPage";

export default function Page() {
  return <AdminPage />;
}
