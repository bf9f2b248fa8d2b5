using InferMesh.Grains.Abstractions;
using Microsoft.AspNetCore.Mvc;

namespace InferMesh.Api.Problems;

/// <summary>Makes the problem details (RFC 9457) that every refusal carries. The <c>type</c> is the stable part that programs may test.</summary>
internal static class Problem
{
    private const string Urn = "urn:infermesh:problem:";

    public static ProblemDetails Of(int status, string type, string title, string detail) =>
        new() { Status = status, Type = Urn + type, Title = title, Detail = detail };

    public static ProblemDetails Invalid(IEnumerable<FieldError> errors)
    {
        var fields = errors.GroupBy(error => error.Field, StringComparer.Ordinal)
            .ToDictionary(field => field.Key, field => field.Select(error => error.Message).ToArray(), StringComparer.Ordinal);
        var problem = Of(StatusCodes.Status400BadRequest, "invalid", "The input is not valid", Summary(fields));
        problem.Extensions["errors"] = fields;
        return problem;
    }

    public static ProblemDetails Invalid(string field, string message) => Invalid([new FieldError(field, message)]);

    public static ProblemDetails NotFound(string what, string name) =>
        Of(StatusCodes.Status404NotFound, "not-found", "Not found", $"There is no {what} \"{name}\".");

    public static ProblemDetails Forbidden(string detail) => Of(StatusCodes.Status403Forbidden, "forbidden", "The caller may not do this", detail);

    public static ProblemDetails Conflict(string detail) => Of(StatusCodes.Status409Conflict, "conflict", "The state forbids it", detail);

    public static ProblemDetails Unavailable(string detail) =>
        Of(StatusCodes.Status503ServiceUnavailable, "unavailable", "The mesh does not answer", detail);

    private static string Summary(Dictionary<string, string[]> fields) => fields.Count == 1
        ? $"{fields.First().Key}: {fields.First().Value[0]}".TrimStart(':', ' ')
        : $"{fields.Count} fields are wrong; see errors.";
}
