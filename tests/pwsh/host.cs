using System;
using System.Collections.Generic;
using System.Collections.ObjectModel;
using System.Globalization;
using System.Management.Automation;
using System.Management.Automation.Host;
using System.Security;

/// <summary>A host for tests: answers questions from a list and keeps what is written and asked.</summary>
public sealed class TestHost : PSHost
{
    public TestUI TestUI { get; } = new TestUI();

    public override CultureInfo CurrentCulture => CultureInfo.InvariantCulture;
    public override CultureInfo CurrentUICulture => CultureInfo.InvariantCulture;
    public override Guid InstanceId { get; } = Guid.NewGuid();
    public override string Name => "test";
    public override PSHostUserInterface UI => TestUI;
    public override Version Version => new Version(1, 0);

    public override void EnterNestedPrompt() => throw new NotSupportedException();
    public override void ExitNestedPrompt() => throw new NotSupportedException();
    public override void NotifyBeginApplication() { }
    public override void NotifyEndApplication() { }
    public override void SetShouldExit(int exitCode) { }
}

/// <summary>What the host shows and asks.</summary>
public sealed class TestUI : PSHostUserInterface
{
    /// <summary>The places of the choices to take; when it is empty a question fails.</summary>
    public Queue<int> Answers { get; } = new Queue<int>();

    /// <summary>Lines that are entered, also where they are not shown; when it is empty a question fails.</summary>
    public Queue<string> Entered { get; } = new Queue<string>();

    /// <summary>What is entered where a user and a password are wanted; when it is empty a question fails.</summary>
    public Queue<PSCredential> Credentials { get; } = new Queue<PSCredential>();

    public List<string> Asked { get; } = new List<string>();

    /// <summary>The questions with choices, by their parts.</summary>
    public List<Dictionary<string, object>> Questions { get; } = new List<Dictionary<string, object>>();

    /// <summary>Told what the user sees, when it happens.</summary>
    public Action<string> Happened { get; set; } = _ => { };

    public List<string> Lines { get; } = new List<string>();

    public override PSHostRawUserInterface RawUI => null;

    public override int PromptForChoice(string caption, string message, Collection<ChoiceDescription> choices, int defaultChoice)
    {
        var labels = new List<string>();
        foreach (ChoiceDescription choice in choices)
        {
            labels.Add(choice.Label);
        }
        message = message.Replace("\r", "");
        Asked.Add(caption + "|" + message + "|" + string.Join(",", labels) + "|" + defaultChoice);
        Happened("choice");
        int answer = Answers.Dequeue();
        Questions.Add(new Dictionary<string, object>
        {
            ["caption"] = caption, ["message"] = message, ["choices"] = labels, ["default"] = defaultChoice, ["answered"] = answer,
        });
        return answer;
    }

    public override Dictionary<string, PSObject> Prompt(string caption, string message, Collection<FieldDescription> descriptions)
    {
        Happened("prompt");
        var values = new Dictionary<string, PSObject>();
        foreach (FieldDescription field in descriptions)
        {
            Asked.Add(caption + "|" + message + "|" + field.Name + "|" + field.ParameterTypeFullName);
            bool isSecret = field.ParameterTypeFullName == typeof(SecureString).FullName;
            values[field.Name] = PSObject.AsPSObject(isSecret ? ReadLineAsSecureString() : Entered.Count != 0 ? Entered.Dequeue() : throw new HostException("Nobody answers."));
        }
        return values;
    }

    public override PSCredential PromptForCredential(string caption, string message, string userName, string targetName)
    {
        Asked.Add(caption + "|" + message + "|" + userName + "|" + targetName);
        return Credentials.Dequeue();
    }

    public override PSCredential PromptForCredential(
        string caption, string message, string userName, string targetName, PSCredentialTypes types, PSCredentialUIOptions options) =>
        PromptForCredential(caption, message, userName, targetName);

    public override string ReadLine() => Entered.Dequeue();

    public override SecureString ReadLineAsSecureString()
    {
        var secret = new SecureString();
        foreach (char unit in Entered.Dequeue())
        {
            secret.AppendChar(unit);
        }
        return secret;
    }

    public override void Write(string value) => Show(value);
    public override void Write(ConsoleColor foreground, ConsoleColor background, string value) => Show(value);
    public override void WriteLine(string value) => Show(value);
    public override void WriteErrorLine(string value) => Show(value);
    public override void WriteDebugLine(string value) { }
    public override void WriteProgress(long sourceId, ProgressRecord record) { }
    public override void WriteVerboseLine(string value) { }
    public override void WriteWarningLine(string value) { }

    private void Show(string line)
    {
        Lines.Add(line);
        Happened("host");
    }
}
