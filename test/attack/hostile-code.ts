import { CODE_ADDRESS, DATA_ADDRESS, exitGroup, hex, syscall } from "./elf.ts";

/** Machine code that no compiler makes. Each entry ends the program itself, or must be ended by a signal or a limit. */

/** The VMM's own pages in every address space (src/vmm/layout.ts, SystemVa). */
const VMM_PAGES = 0x7fff_f000_0000n;
const DOORBELL = VMM_PAGES + 0x10_0000n;

function le64(value: bigint): string {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt.asUintN(64, value));
  return bytes.toString("hex");
}

const movRax = (value: bigint): string => `48b8 ${le64(value)}`;
const movRsp = (value: bigint): string => `48bc ${le64(value)}`;
const movRcx = (value: bigint): string => `48b9 ${le64(value)}`;
const data = BigInt(DATA_ADDRESS);
const END = exitGroup(0).toString("hex");

const PRIVILEGED: Readonly<Record<string, string>> = {
  hlt: "f4",
  cli: "fa",
  sti: "fb",
  "mov cr0": "0f20c0",
  "mov to cr3": "0f22d8",
  "mov to cr4": "0f22e0",
  "mov dr7": "0f21f8",
  "mov to dr7": "0f23f8",
  lgdt: "0f0118",
  lidt: "0f0118",
  "lgdt [rsp]": "0f011424",
  "lidt [rsp]": "0f011c24",
  lldt: "31c0 0f00d0",
  ltr: "31c0 0f00d8",
  invlpg: "0f013c24",
  wrmsr: "0f30",
  rdmsr: "0f32",
  rdpmc: "0f33",
  clts: "0f06",
  invd: "0f08",
  wbinvd: "0f09",
  swapgs: "0f01f8",
  sysret: "480f07",
  sysexit: "480f35",
  sysenter: "0f34",
  vmcall: "0f01c1",
  vmmcall: "0f01d9",
  vmrun: "0f01d8",
  xsetbv: "31c9 31c0 31d2 0f01d1",
  monitor: "0f01c8",
  mwait: "0f01c9",
  rsm: "0faa",
  "in al, dx": "ec",
  "out dx, al": "ee",
  "out 0x80": "e680",
  insb: "6c",
  "rep outsb": "f36e",
  sgdt: "0f010424",
  sidt: "0f010c24",
  sldt: "0f00c0",
  str: "0f00c8",
  smsw: "0f01e0",
  lmsw: "0f01f0",
  ud2: "0f0b",
  "lock prefix": "f0 90",
  int1: "f1",
  into: "ce",
  bound: "6200",
  popf: "48c7c0ffffffff 50 9d",
  "popf with TF": "48c7c000010000 50 9d 90",
  "single stepping a system call": "9c 800c24 00 66810c240001 9d b8 27000000 0f05 90 90",
  "iret to ring 0": "6a10 54 9c 6a08 48c7c000004000 50 48cf",
  "far return to ring 0": "6a08 48c7c000004000 50 48cb",
  "far jump through memory": "ff2c2500006000",
  "far call to a gate": "48ff1c2500006000",
  "null ss": "31c0 8ed0",
  "ss to kernel data": "66b81000 8ed0",
  "ds to kernel": "66b81000 8ed8",
  "fs to tss": "66b82800 8ee0",
  "gs to 0xffff": "66b8ffff 8ee8",
  "verr all": "66b8ffff 0f00e0",
  "lar kernel": "66b80800 0f02c0",
  "lsl kernel": "66b80800 0f03c0",
  "cpuid all": "31ff 89f8 0fa2 ffc7 81ff00010000 75f4",
  "rdtsc loop": "b9 00100000 0f31 e2fc",
  rdtscp: "0f01f9",
  xgetbv: "31c9 0f01d0",
  "xrstor garbage": "0fae2c2500006000",
  "fxrstor garbage": "0fae0c2500006000",
  "ldmxcsr garbage": "0fae142504006000",
  "x87 exception": "d9e8 d9ee def9 9b",
  "divide by zero": "31c9 f7f1",
  "divide overflow": "48c7c2ffffffff b901000000 48f7f1",
  "alignment check": "9c 48810c2400000400 9d 8b042501006000",
  "non-canonical load": `${movRax(0xdead_0000_0000_0000n)} 8a00`,
  "kernel half load": `${movRax(2n ** 64n - 8n)} 488b00`,
  "kernel half jump": `${movRax(2n ** 64n - 4096n)} ffe0`,
  "non-canonical jump": `${movRax(2n ** 47n)} ffe0`,
  "non-canonical call target on the stack": `${movRax(2n ** 63n)} 50 c3`,
  "jump into data": `${movRax(data)} ffe0`,
  "stack non-canonical, push": `${movRsp(2n ** 47n)} 50`,
  "stack 0, push": `${movRsp(0n)} 50`,
  "stack in code, push": `${movRsp(BigInt(CODE_ADDRESS) + 64n)} 50`,
  "stack in code, exception": `${movRsp(BigInt(CODE_ADDRESS) + 64n)} 0f0b`,
  "stack in the vmm, exception": `${movRsp(VMM_PAGES + 0x6ff8n)} 0f0b`,
  "stack in the vmm, push": `${movRsp(VMM_PAGES + 0x6ff8n)} 50`,
  "stack at the doorbell, push": `${movRsp(DOORBELL + 8n)} 50`,
  "stack at the doorbell, call": `${movRsp(DOORBELL + 8n)} e800000000`,
  "wrfsbase non-canonical": `${movRax(2n ** 47n)} f3480faed0`,
  "wrgsbase upper half, then gs access": `${movRax(2n ** 64n - 4096n)} f3480faed8 65488b042500000000`,
  "self-modifying code in a read-only page": "c605f8ffffff90",
  "write past the code": "c6042500004090",
};

/** `syscall` at the last bytes below the end of the lower half cannot be mapped; RCX chosen by hand is overwritten by the CPU. */
const SYSCALLS: Readonly<Record<string, string>> = {
  "syscall with a wild rcx and r11": `${movRcx(2n ** 47n)} 49bb ${le64(2n ** 64n - 1n)} b827000000 0f05`,
  "syscall with every flag": "48c7c0ff0e0000 50 9d b827000000 0f05",
  "syscall with a wild stack": `${movRsp(0xdead_0000_0000_0000n)} b827000000 0f05`,
  "syscall on the doorbell's stack": `${movRsp(DOORBELL)} b827000000 0f05`,
  "syscall with a negative number": "48c7c0ffffffff 0f05",
  "syscall with direction flag": "fd b827000000 0f05",
  "sysenter and int80": "b814000000 cd80",
};

const STORES: Readonly<Record<string, string>> = {
  movb: "8800",
  movq: "488900",
  xchg: "8600",
  "lock add": "f0 480100",
  stosb: "4889c7 aa",
  "rep stosq": "4889c7 b900020000 f348ab",
  movnti: "480fc300",
  fxsave: "0fae00",
  vmovups: "c5fc1100",
  cmpxchg16b: "480fc708",
  push: "4889c4 50",
  enter: "4889c4 c8ffff1f",
  "rep movsb from it": "4889c6 48c7c700006000 b900100000 f3a4",
  "jump to it": "ffe0",
  "call it": "ffd0",
  "execute from it": "50 c3",
};

function interrupts(): [string, Buffer][] {
  return Array.from({ length: 256 }, (_, vector) => [
    `int ${vector}`,
    hex(`cd ${vector.toString(16).padStart(2, "0")} ${END}`),
  ]);
}

function vmmAddresses(): [string, Buffer][] {
  const places = {
    stub: 0n,
    "stub's end": 9n,
    gdt: 0x1000n,
    tss: 0x2000n,
    idt: 0x3000n,
    stubs: 0x4000n,
    stack: 0x6000n,
    doorbell: 0x10_0000n,
    "doorbell 8": 0x10_0008n,
    "doorbell's end": 0x10_0ff8n,
  };
  return Object.entries(places).flatMap(([place, offset]) =>
    Object.entries(STORES).map(([store, code]): [string, Buffer] => [
      `${store} at the ${place}`,
      hex(`${movRax(VMM_PAGES + offset)} ${code} ${END}`),
    ]),
  );
}

/** Programs that must end by themselves or by a signal. */
export function endingPrograms(): [name: string, code: Buffer][] {
  const plain = Object.entries({ ...PRIVILEGED, ...SYSCALLS }).map(([name, code]): [string, Buffer] => [
    name,
    hex(code + END),
  ]);
  return [...plain, ...interrupts(), ...vmmAddresses()];
}

/** Programs that never end: a limit must end them. */
export function endlessPrograms(): [name: string, code: Buffer][] {
  const handler = BigInt(CODE_ADDRESS);
  return [
    ["jump to itself", hex("ebfe")],
    ["rep stosb for ever over one page", hex(`fc ${movRax(data)} 4889c7 48c7c100100000 f3aa ebf2`)],
    ["system calls for ever", Buffer.concat([syscall(39), hex("ebf2")])],
    ["pause", syscall(34)],
    [
      "faults for ever in a handler that returns",
      Buffer.concat([
        hex("eb0b 58 b80f000000 0f05 90 90 90"),
        hex(`48bb ${le64(data)} ${movRax(handler + 2n)} 488903 48c7430800000004`),
        syscall(13, 4, DATA_ADDRESS, 0, 8),
        hex("0f0b ebfe"),
      ]),
    ],
    [
      "pages mapped and dropped for ever",
      Buffer.concat([
        syscall(9, 0x1000_0000, 0x20_0000, 3, 0x8032, -1, 0),
        syscall(10, 0x1000_0000, 0x20_0000, 1),
        syscall(11, 0x1000_0000, 0x20_0000),
        hex("e969ffffff"),
      ]),
    ],
    [
      "its own code rewritten for ever",
      Buffer.concat([syscall(10, CODE_ADDRESS, 4096, 7), hex("c605f9ffffffc6 ebf7")]),
    ],
  ];
}
