using System;
using System.Collections.Generic;
using System.Collections.ObjectModel;
using System.Management.Automation;
using System.Management.Automation.Host;
using System.Security;
using System.Text.Json;

using ExchangeOnlineManagement.Native;

namespace ExchangeOnlineManagement.Proxy;

/// <summary>Puts a question of the server to the host of this runspace, and its answer to the server.</summary>
internal static class HostQuestion
{
    /// <summary>Asks, and replies: with what was entered, or with why nobody answers.</summary>
    /// <param name="question">The field <c>question</c> of the event.</param>
    /// <param name="host">Whom to ask.</param>
    /// <param name="operation">The command that waits.</param>
    internal static void Put(JsonElement question, PSHost host, NativeOperation operation)
    {
        using var secrets = new NativeSecrets();
        Dictionary<string, object> reply;
        try
        {
            reply = Ask(question, host.UI ?? throw new InvalidOperationException("The host has no user interface."), secrets);
        }
        catch (PipelineStoppedException)
        {
            throw;
        }
        catch (Exception error) when (error is PSInvalidOperationException or InvalidOperationException or HostException
            or NotSupportedException or NotImplementedException or PSInvalidCastException)
        {
            // What a host does that nobody sits at.
            reply = Refusal(error.Message);
        }
        operation.Reply(JsonSerializer.Serialize(reply), secrets);
    }

    private static Dictionary<string, object> Ask(JsonElement question, PSHostUserInterface ui, NativeSecrets secrets)
    {
        string caption = Text(question, "caption");
        string message = Text(question, "message");
        switch (Text(question, "kind"))
        {
            case "choice":
                var choices = new Collection<ChoiceDescription>();
                foreach (JsonElement choice in question.GetProperty("choices").EnumerateArray())
                {
                    choices.Add(new ChoiceDescription(Text(choice, "label"), Text(choice, "help")));
                }
                int first = question.GetProperty("default").GetInt32();
                return new() { ["choice"] = ui.PromptForChoice(caption, message, choices, first) };
            case "line":
                return ui.ReadLine() is { } line ? new() { ["line"] = line } : Refusal(NothingEntered);
            case "secureLine":
                if (ui.ReadLineAsSecureString() is not { } secret)
                {
                    return Refusal(NothingEntered);
                }
                secrets.Add("line", secret);
                return new();
            case "credential":
                string userName = Text(question, "userName");
                if (ui.PromptForCredential(caption, message, userName, Text(question, "targetName")) is not { } credential)
                {
                    return Refusal(NothingEntered);
                }
                secrets.Add("password", credential.Password);
                return new() { ["userName"] = credential.UserName };
            case "prompt":
                return AskForFields(question.GetProperty("fields"), caption, message, ui, secrets);
            default:
                return Refusal("The host does not know this question.");
        }
    }

    private static Dictionary<string, object> AskForFields(
        JsonElement fields, string caption, string message, PSHostUserInterface ui, NativeSecrets secrets)
    {
        var descriptions = new Collection<FieldDescription>();
        foreach (JsonElement field in fields.EnumerateArray())
        {
            var description = new FieldDescription(Text(field, "name"))
            {
                Label = Text(field, "label"),
                HelpMessage = Text(field, "help"),
                IsMandatory = field.GetProperty("mandatory").GetBoolean(),
            };
            // Of the types only those that make a difference to how it is asked; the server converts the text.
            description.SetParameterType(Text(field, "type") == typeof(SecureString).FullName ? typeof(SecureString) : typeof(string));
            descriptions.Add(description);
        }
        var texts = new Dictionary<string, string>();
        foreach ((string name, PSObject? value) in ui.Prompt(caption, message, descriptions))
        {
            if (value?.BaseObject is SecureString secret)
            {
                secrets.Add(name, secret);
            }
            else if (value is not null)
            {
                texts[name] = LanguagePrimitives.ConvertTo<string>(value);
            }
        }
        return new() { ["fields"] = texts };
    }

    private static Dictionary<string, object> Refusal(string reason) => new() { ["refused"] = reason };

    private static string Text(JsonElement item, string key) =>
        item.TryGetProperty(key, out JsonElement text) ? text.GetString() ?? string.Empty : string.Empty;

    private const string NothingEntered = "Nothing was entered.";
}
