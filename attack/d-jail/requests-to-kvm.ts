import type { Attack } from "../attack.ts";
import { assertEachKilled } from "./captive.helper.ts";

/** asm/unistd_64.h */
const Call = { ioctl: 16, openat: 257 } as const;

export const attack: Attack = {
  promise: 22,
  must: "A cell that was taken over makes no machine, and asks its own for nothing that a run does not need.",
  needs: ["kvm"],
  run: (stage) =>
    assertEachKilled(stage, {
      KVM_CREATE_VM: [Call.ioctl, 5, 0xae01, 0],
      KVM_CHECK_EXTENSION: [Call.ioctl, 5, 0xae03, 0],
      KVM_CREATE_VCPU: [Call.ioctl, 8, 0xae41, 1],
      KVM_CREATE_DEVICE: [Call.ioctl, 8, 0xc00caee0 | 0, Array<number>(12).fill(0)],
      KVM_IRQFD: [Call.ioctl, 8, 0x4020ae76, Array<number>(32).fill(0)],
      KVM_IOEVENTFD: [Call.ioctl, 8, 0x4040ae79, Array<number>(64).fill(0)],
      KVM_CREATE_IRQCHIP: [Call.ioctl, 8, 0xae60, 0],
      KVM_SET_MSRS: [Call.ioctl, 9, 0x4008ae89, [0, 0, 0, 0, 0, 0, 0, 0]],
      KVM_ENABLE_CAP: [Call.ioctl, 8, 0x4068aea3, Array<number>(104).fill(0)],
      KVM_HYPERV_EVENTFD: [Call.ioctl, 8, 0x4018aebd, Array<number>(24).fill(0)],
      "the device again, to write": [Call.openat, -100, "/dev/kvm", 2],
    }),
};
