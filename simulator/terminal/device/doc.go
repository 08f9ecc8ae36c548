// Package device is the front of a POS terminal in a text window: its display
// of four lines, its keypad with the function menu, and the paper that comes out
// of its printer, in English or Chinese.
//
// What the keys do is a [terminal.Terminal]'s business; the device asks for card,
// amount and PIN as shops know it, and shows what came of it. [Run] needs a
// terminal window; a [Model] alone does not.
package device
