package main

import (
	"context"

	"jixu/internal/local"
)

// people are those who can sign in on one machine.
func people() []local.Person {
	return []local.Person{
		{ID: "p-hospital", NameZH: "林芷", NameEN: "Lin Zhi", OrgZH: "示范医院", OrgEN: "Example Hospital", Email: "lin@hospital.example"},
		{ID: "p-mpa", NameZH: "周衡", NameEN: "Zhou Heng", OrgZH: "市药监局", OrgEN: "Municipal MPA", Email: "zhou@mpa.example"},
	}
}

// seed fills an empty house; one that has something in it stays as it is.
func seed(context.Context, local.Environment) error { return nil }
