package badgerstore

import (
	"os"
	"syscall"
)

// measureRoom looks at the file system of an open directory. Descriptors are not
// counted on this system.
func measureRoom(dir *os.File) (resources, error) {
	var fs syscall.Statfs_t
	if err := syscall.Fstatfs(int(dir.Fd()), &fs); err != nil {
		return resources{}, os.NewSyscallError("fstatfs", err)
	}
	return resources{bytes: int64(fs.Bavail) * int64(fs.Bsize), inodes: int64(fs.Ffree), descriptors: -1}, nil
}
