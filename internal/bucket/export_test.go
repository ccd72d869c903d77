package bucket

import "time"

// SetUploadLife sets how long a ticket lives and returns how to set it back.
func SetUploadLife(d time.Duration) (restore func()) {
	was := uploadLife
	uploadLife = d
	return func() { uploadLife = was }
}
