import type { Messages } from '../en.ts';

export const rooms: Messages['rooms'] = {
  title: 'ห้อง',
  add: 'เพิ่มห้อง',
  make: 'สร้างห้อง',
  namePlaceholder: 'ห้องครัว',
  empty: 'ยังไม่มีห้อง',
  emptyHint: 'ห้องใช้รวมการ์ดของอุปกรณ์ และใช้กำหนดว่าใครเห็นอะไรได้บ้าง เริ่มสร้างห้องแรกได้เลย',
  devices: (count) => `อุปกรณ์ ${count} เครื่อง`,
  noDevices: 'ไม่มีอุปกรณ์',
  renameOne: (name) => `เปลี่ยนชื่อ ${name}`,
  removeOne: (name) => `ลบ ${name}`,
  renameTitle: 'เปลี่ยนชื่อห้อง',
  taken: 'มีห้องชื่อนี้อยู่แล้ว โปรดใช้ชื่ออื่น',
  removeTitle: (name) => `ลบ “${name}” หรือไม่`,
  removeSubmit: 'ลบห้อง',
  removeDevices: (count) => `อุปกรณ์ ${count} เครื่องจะถูกยกเลิกการจับคู่ แต่ยังเชื่อมต่ออยู่และประวัติไม่หาย จับคู่กับห้องอื่นได้ทุกเมื่อ`,
  removeNoDevices: 'ไม่มีอุปกรณ์อยู่ในห้องนี้',
  removePeople: (names) => `ผู้ใช้ต่อไปนี้จะไม่เห็นห้องนี้อีก: ${names}`,
  removeNoPeople: 'ไม่มีใครนอกจากผู้ดูแลระบบที่เห็นห้องนี้',
  removeFinal: 'การลบไม่สามารถย้อนกลับได้',
};
