package world

// Currency is an ISO 4217 currency by its numeric code, such as 156 for CNY.
// The zero value is "not given".
type Currency uint16

// CNY is the renminbi (ISO 4217 numeric 156, two decimals).
const CNY Currency = 156
