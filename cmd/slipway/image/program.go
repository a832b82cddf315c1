package image

import (
	"debug/elf"
	"fmt"
	"runtime"
	"slices"
	"strings"
)

// architectures are those that Fargate has, by their ELF machine.
var architectures = map[elf.Machine]string{elf.EM_X86_64: "amd64", elf.EM_AARCH64: "arm64"}

// architecture says what a program is built for, and compares that with the platform that is claimed for it ("" for none).
func architecture(program, platform string, folder bool) (string, error) {
	claimed := strings.TrimPrefix(platform, "linux/")
	if platform != "" && (claimed == platform || !slices.Contains([]string{"amd64", "arm64"}, claimed)) {
		return "", fmt.Errorf("--platform %s is none of linux/amd64 and linux/arm64, which are those that ECS runs", platform)
	}
	file, err := elf.Open(program)
	if err != nil {
		return foreign(program, claimed, folder)
	}
	defer file.Close()
	built := architectures[file.Machine]
	switch {
	case built == "":
		return "", fmt.Errorf("%s is built for %s: build it with GOARCH=amd64 or GOARCH=arm64, which are those that ECS runs", program, file.Machine)
	case claimed != "" && claimed != built:
		return "", fmt.Errorf("%s is built for %s, not %s: build it with GOARCH=%s, or say --platform linux/%s", program, built, claimed, claimed, built)
	case !folder && dynamic(file):
		return "", fmt.Errorf("%s needs libraries that the image would not have: build it with CGO_ENABLED=0, or pack a folder that holds them", program)
	}
	return built, nil
}

// isBinary reports whether a program is a Linux one, whatever it is built for.
func isBinary(program string) bool {
	file, err := elf.Open(program)
	if err != nil {
		return false
	}
	return file.Close() == nil
}

// dynamic reports whether a program asks for a dynamic linker.
func dynamic(file *elf.File) bool {
	return slices.ContainsFunc(file.Progs, func(p *elf.Prog) bool { return p.Type == elf.PT_INTERP })
}

// foreign is for what is no Linux binary: a script, which a folder may hold together with its interpreter, or a program for this
// machine when it is not a Linux one. The local AWS runs that by plain exec; AWS would not.
func foreign(program, claimed string, folder bool) (string, error) {
	if runtime.GOOS == "linux" && !folder {
		return "", fmt.Errorf("%s is no Linux program: pack a static binary, or a folder with --entrypoint for anything else", program)
	}
	if claimed != "" {
		return claimed, nil
	}
	return runtime.GOARCH, nil
}
