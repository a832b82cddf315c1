package cloudformation

import (
	"encoding/binary"
	"net/netip"
	"strconv"
)

// callCidr cuts a block of addresses into count smaller ones with bits host bits each (IPv4; 8 host bits unless told).
func (s *scope) callCidr(v *value) (any, error) {
	parts, err := s.operands(v, 2, 3)
	if err != nil {
		return nil, err
	}
	text, err := s.text(parts[0])
	if err != nil {
		return nil, err
	}
	block, err := netip.ParsePrefix(text)
	if err != nil || !block.Addr().Is4() {
		return nil, errorAt(parts[0].pos, "Cidr wants an IPv4 block such as 10.0.0.0/16, this is %q", text)
	}
	numbers := [2]int{1, 8}
	for i, part := range parts[1:] {
		if numbers[i], err = s.number(part); err != nil {
			return nil, err
		}
	}
	count, bits := numbers[0], numbers[1]
	if bits < 1 || bits > 32-block.Bits() || count < 1 || count > 256 || count > 1<<(32-block.Bits()-bits) {
		return nil, errorAt(v.pos, "%s does not hold %d blocks of %d host bits", text, count, bits)
	}
	return cut(block, count, bits), nil
}

func cut(block netip.Prefix, count, bits int) []any {
	start := block.Masked().Addr().As4()
	first := binary.BigEndian.Uint32(start[:])
	blocks := make([]any, count)
	for i := range blocks {
		var at [4]byte
		binary.BigEndian.PutUint32(at[:], first+uint32(i)<<bits)
		blocks[i] = netip.PrefixFrom(netip.AddrFrom4(at), 32-bits).String()
	}
	return blocks
}

func (s *scope) number(v *value) (int, error) {
	text, err := s.text(v)
	if err != nil {
		return 0, err
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		return 0, errorAt(v.pos, "%q must be a number", text)
	}
	return n, nil
}
