module jixu

go 1.26
