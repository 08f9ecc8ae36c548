package security

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	secretKey = "807A23AD32B36D457AE91FDF927570EA"
	secretMAC = "5BB5C72CD00B7338"
	secretPIN = "739518264075"
	secretPAN = "6222001357924680135"
)

// traces are the ways in which a secret of bytes can show in text.
func traces(b []byte) []string {
	var list, octal []string
	for _, v := range b {
		list = append(list, fmt.Sprint(v))
		octal = append(octal, fmt.Sprintf("0x%x", v))
	}
	return []string{
		string(b),
		hex.EncodeToString(b),
		base64.StdEncoding.EncodeToString(b)[:len(b)],
		strings.Join(list, " "),
		strings.Join(list, ","),
		strings.Join(octal, ", "),
		strings.Join(octal, " "),
		fmt.Sprintf("% x", b),
	}
}

// assertSilent fails if the text shows a key whole or half of one, a PIN or a
// PAN. Short parts of these are not looked for: addresses have digits too.
func assertSilent(t *testing.T, how, text string) {
	t.Helper()
	lower := strings.ToLower(text)
	for _, s := range []string{secretKey, secretMAC} {
		b, err := hex.DecodeString(s)
		require.NoError(t, err)
		for _, part := range [][]byte{b, b[:len(b)/2], b[len(b)/2:]} {
			for _, trace := range traces(part) {
				assert.NotContains(t, lower, strings.ToLower(trace), how)
			}
		}
	}
	for _, s := range []string{secretPIN, secretPAN} {
		for _, trace := range traces([]byte(s)) {
			assert.NotContains(t, lower, strings.ToLower(trace), how)
		}
	}
}

// secrets are all types that hold one, also where fmt can't call their methods.
func secrets(t *testing.T) map[string]any {
	key, mac := mustKey(t, secretKey), mustKey(t, secretMAC)
	aes, err := NewAESKey(unhex(t, secretKey))
	require.NoError(t, err)
	cup, err := NewMAC(CUPECB, mac)
	require.NoError(t, err)
	x919, err := NewMAC(X919, key)
	require.NoError(t, err)
	pin := newPIN(secretPIN)
	session := SessionKeys{PIN: key, MAC: mac, Track: key}
	raw := [16]byte(unhex(t, secretKey))
	transaction := TransactionKey{seal(&raw)}
	chip := &Chip{CVN10, key}
	data := MakeChipData(Element{"5A", []byte(secretPAN)}, Element{"57", unhex(t, secretKey)})
	type hidden struct {
		key  Key
		aes  AESKey
		pin  PIN
		mac  *MAC
		all  SessionKeys
		list []Key
		tran TransactionKey
		chip *Chip
	}
	type shown struct {
		Key Key
		AES AESKey
		PIN PIN
		MAC *MAC
		All *SessionKeys
		T   TransactionKey
		C   *Chip
		D   ChipData
	}
	return map[string]any{
		"Key": key, "*Key": &key, "AESKey": aes, "*AESKey": &aes, "PIN": pin, "*PIN": &pin,
		"MAC": cup, "X9.19 MAC": x919, "MAC value": *cup, "SessionKeys": session, "*SessionKeys": &session,
		"TransactionKey": transaction, "*TransactionKey": &transaction, "Chip": chip, "Chip value": *chip, "ChipData": data,
		"[]Key": []Key{key, mac}, "map": map[string]Key{"k": key}, "interface": PINKey(key),
		"hidden": hidden{key, aes, pin, cup, session, []Key{key}, transaction, chip},
		"shown":  shown{key, aes, pin, cup, &session, transaction, chip, data},
		"zero":   hidden{},
	}
}

func TestSecretsNeverFormat(t *testing.T) {
	for name, v := range secrets(t) {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%X", "%q", "%d", "%T", "%o", "%b", "%c", "%U", "%10.3v", "% x"} {
			assertSilent(t, name+" "+verb, fmt.Sprintf(verb, v))
		}
		assertSilent(t, name+" Sprint", fmt.Sprint(v))
		assertSilent(t, name+" error", fmt.Errorf("failed with %v", v).Error())
	}
}

func TestSecretsNeverMarshal(t *testing.T) {
	for name, v := range secrets(t) {
		text, err := json.Marshal(v)
		require.NoError(t, err, name)
		assertSilent(t, name+" JSON", string(text))
		text, err = yaml.Marshal(v)
		require.NoError(t, err, name)
		assertSilent(t, name+" YAML", string(text))
	}
	text, err := json.Marshal(mustKey(t, secretMAC))
	require.NoError(t, err)
	assert.Equal(t, `"key(8 bytes, KCV AB7153CA)"`, string(text))
	text, err = json.Marshal(newPIN(secretPIN))
	require.NoError(t, err)
	assert.Equal(t, `"pin(****)"`, string(text))
}

func TestSecretsNeverLog(t *testing.T) {
	for name, v := range secrets(t) {
		var out bytes.Buffer
		for _, h := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
			log := slog.New(h)
			log.Info("here", "value", v)
			log.With("value", v).Info("there", slog.Group("in", slog.Any("value", v)))
		}
		require.Contains(t, out.String(), "value", name)
		assertSilent(t, name+" slog", out.String())
	}
}

// What a description does show is fixed: nothing that depends on a PIN.
func TestDescriptions(t *testing.T) {
	assert.Equal(t, "key(16 bytes, KCV 8D0A74B8)", fmt.Sprintf("%x", mustKey(t, secretKey)))
	assert.Equal(t, "pin(****)", fmt.Sprintf("%#v", newPIN("1234")))
	assert.Equal(t, "pin(****)", newPIN(secretPIN).String())
	assert.Equal(t, "pin(none)", PIN{}.String())
	assert.Equal(t, "mac(cup-ecb, KCV AB7153CA)", fmt.Sprint(mustMAC(t, CUPECB, secretMAC)))
	assert.Equal(t, "mac(none)", fmt.Sprint((*MAC)(nil)))
	assert.Equal(t, "aes-key(none)", fmt.Sprint(AESKey{}))
}

// Every call that can fail, made to fail with secrets in its arguments.
func TestErrorsNameNoSecret(t *testing.T) {
	key, mac := mustKey(t, secretKey), mustKey(t, secretMAC)
	aes, err := NewAESKey(unhex(t, secretKey))
	require.NoError(t, err)
	session := SessionKeys{PIN: key, MAC: mac}
	de62, err := session.Cryptogram(DefaultTMK(), DownloadDouble)
	require.NoError(t, err)
	block, err := EncryptPIN(ISO0, key, secretPIN, secretPAN, nil)
	require.NoError(t, err)
	block3, err := EncryptPIN(ISO3, key, secretPIN, secretPAN, nil)
	require.NoError(t, err)

	failures := map[string]func() error{
		"ParseKey digit":   func() error { _, err := ParseKey(secretKey + "G"); return err },
		"ParseKey length":  func() error { _, err := ParseKey(secretKey + "0"); return err },
		"NewKey":           func() error { _, err := NewKey(append(unhex(t, secretKey), 0)); return err },
		"NewAESKey":        func() error { _, err := NewAESKey(append(unhex(t, secretKey), 0)); return err },
		"EncryptECB":       func() error { _, err := key.EncryptECB([]byte(secretPIN)); return err },
		"DecryptECB":       func() error { _, err := key.DecryptECB([]byte(secretPAN)); return err },
		"Components":       func() error { _, err := key.Components(1, unhex(t, secretKey)); return err },
		"NewMAC":           func() error { _, err := NewMAC(MACAlgorithm(9), key); return err },
		"Cryptogram":       func() error { _, err := session.Cryptogram(key, DownloadTrack); return err },
		"Cryptogram form":  func() error { _, err := session.Cryptogram(key, 0); return err },
		"OpenCryptogram":   func() error { _, err := OpenCryptogram(key, de62); return err },
		"OpenCryptogram n": func() error { _, err := OpenCryptogram(key, unhex(t, secretKey)); return err },
		"ParseDownload":    func() error { _, err := ParseDownload(secretPAN); return err },
		"PIN too long":     func() error { _, err := EncodePIN(ISO0, secretPIN+"1", secretPAN, nil); return err },
		"PIN not digits":   func() error { _, err := EncryptPIN(ISO0, key, secretPIN[:11]+"x", secretPAN, nil); return err },
		"PAN too long":     func() error { _, err := EncodePIN(ISO3, secretPIN, secretPAN+"1", nil); return err },
		"PAN not digits":   func() error { _, err := EncryptPIN(ISO4, key, secretPIN, secretPAN[:18]+"x", nil); return err },
		"wrong key kind":   func() error { _, err := EncryptPIN(ISO0, aes, secretPIN, secretPAN, nil); return err },
		"wrong key":        func() error { _, err := DecryptPIN(ISO0, mac, block, secretPAN); return err },
		"wrong PAN":        func() error { _, err := DecryptPIN(ISO0, key, block, "622200"+"9999999999999"); return err },
		"wrong format":     func() error { _, err := DecryptPIN(ISO0, key, block3, secretPAN); return err },
		"wrong length":     func() error { _, err := DecodePIN(ISO4, block, secretPAN); return err },
		"PAN in decoding":  func() error { _, err := DecodePIN(ISO0, block, secretPAN+"1"); return err },
	}
	for name, fail := range failures {
		err := fail()
		require.Error(t, err, name)
		assertSilent(t, name, fmt.Sprintf("%v %+v %#v", err, err, err))
		for _, part := range []string{secretPIN[:4], secretPIN[4:8], secretPIN[8:], secretPAN[:6], secretPAN[6:12], secretPAN[12:]} {
			assert.NotContains(t, err.Error(), part, name)
		}
	}
}
