"use client";

export function VoicesPage() {
  return <div className="p-8">VoicesPage</div>;
}
