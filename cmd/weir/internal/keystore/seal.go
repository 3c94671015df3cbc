package keystore

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/chacha20poly1305"
)

// The file is
//
//	magic      8 bytes, "weirkeys"
//	version    1 byte, 1
//	threads    1 byte  ⎫
//	passes     4 bytes ⎬ of Argon2id (RFC 9106), big-endian
//	memory     4 bytes ⎭ in KiB
//	salt       16 bytes
//	nonce      24 bytes
//	sealed     a JSON object of texts under XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha),
//	           with all that stands before as additional data
const (
	magic     = "weirkeys"
	version   = 1
	saltAt    = len(magic) + 1 + 1 + 4 + 4
	nonceAt   = saltAt + 16
	sealedAt  = nonceAt + chacha20poly1305.NonceSizeX
	shortest  = sealedAt + chacha20poly1305.Overhead + len("{}")
	maxPasses = 16
	maxMemory = 256 << 10 // KiB, so that a forged file does not take all memory
)

// cost is what Argon2id takes.
type cost struct {
	passes, memory uint32 // memory in KiB
	threads        uint8
}

// recommended is RFC 9106's second choice (section 4), for machines with little
// memory.
var recommended = cost{passes: 3, memory: 64 << 10, threads: 4}

var (
	errFormat  = errors.New("it is no keystore, or is damaged")
	errVersion = errors.New("it was made by a newer weir")
)

// header is what stands before the sealed part.
type header struct {
	cost  cost
	salt  []byte
	nonce []byte
}

// parse reads the header of a file and gives the sealed part.
func parse(text []byte) (h header, sealed []byte, err error) {
	if len(text) < len(magic)+1 || string(text[:len(magic)]) != magic {
		return header{}, nil, errFormat
	}
	if v := text[len(magic)]; v != version {
		return header{}, nil, fmt.Errorf("%w (its format is %d, this one knows %d)", errVersion, v, version)
	}
	if len(text) < shortest || len(text) > maxFile {
		return header{}, nil, errFormat
	}
	h.cost = cost{threads: text[len(magic)+1], passes: binary.BigEndian.Uint32(text[len(magic)+2:]), memory: binary.BigEndian.Uint32(text[len(magic)+6:])}
	if c := h.cost; c.threads == 0 || c.passes == 0 || c.passes > maxPasses || c.memory == 0 || c.memory > maxMemory {
		return header{}, nil, errFormat
	}
	h.salt, h.nonce = text[saltAt:nonceAt], text[nonceAt:sealedAt]
	return h, text[sealedAt:], nil
}

func (h header) key(password []byte) []byte {
	return argon2.IDKey(password, h.salt, h.cost.passes, h.cost.memory, h.cost.threads, chacha20poly1305.KeySize)
}

// unseal opens a file's text.
func unseal(text, password []byte) (map[string]string, cost, error) {
	h, sealed, err := parse(text)
	if err != nil {
		return nil, cost{}, err
	}
	box, err := chacha20poly1305.NewX(h.key(password))
	if err != nil {
		return nil, cost{}, err
	}
	plain, err := box.Open(nil, h.nonce, sealed, text[:sealedAt])
	if err != nil {
		return nil, cost{}, ErrPassword
	}
	var values map[string]string
	if err := json.Unmarshal(plain, &values); err != nil || values == nil {
		return nil, cost{}, errFormat // without the cause, which may quote a secret
	}
	return values, h.cost, nil
}

// seal gives a file's text, with a new salt and nonce.
func seal(values map[string]string, password []byte, c cost) ([]byte, error) {
	for name, value := range values {
		if !utf8.ValidString(value) {
			return nil, fmt.Errorf("the value of %s is no text", name)
		}
	}
	plain, err := json.Marshal(values)
	if err != nil {
		return nil, err
	}
	text := append([]byte(magic), version, c.threads)
	text = binary.BigEndian.AppendUint32(text, c.passes)
	text = binary.BigEndian.AppendUint32(text, c.memory)
	random := make([]byte, sealedAt-saltAt)
	if _, err := rand.Read(random); err != nil {
		return nil, err
	}
	text = append(text, random...)
	h := header{cost: c, salt: text[saltAt:nonceAt], nonce: text[nonceAt:sealedAt]}
	box, err := chacha20poly1305.NewX(h.key(password))
	if err != nil {
		return nil, err
	}
	return append(text, box.Seal(nil, h.nonce, plain, text)...), nil
}
